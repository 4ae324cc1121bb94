#include "node/account.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "disk/private_file.h"

namespace shoal::node {
namespace {

constexpr std::string_view file_name = "account.json";
constexpr std::size_t max_file = 16 * 1024;

std::optional<std::string> text_of_member(const boost::json::object& object,
                                          std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

}  // namespace

Account Account::of(const discovery::JoinLink& link) {
    return {.tracker = link.server(), .fingerprint = link.fingerprint};
}

Result<Account> Account::load(const std::filesystem::path& folder) {
    const auto path = folder / file_name;
    const auto text = disk::read_private_file(path, max_file);
    if (!text && text.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::not_found,
                    "no group is known here: join one with `shoal register NAME --join LINK` or "
                    "`shoal login NAME --join LINK`");
    }
    if (!text) return std::unexpected(text.error());
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(*text, error);
    const boost::json::object* object = error ? nullptr : value.if_object();
    const auto damaged = [&] {
        return fail(ErrorCode::bad_data, "'{}' is damaged: remove it and log in again",
                    printable(path.native()));
    };
    if (object == nullptr) return damaged();
    auto tracker = text_of_member(*object, "tracker");
    const auto fingerprint =
        net::parse_fingerprint(text_of_member(*object, "fingerprint").value_or(""));
    if (!tracker || !fingerprint) return damaged();
    return Account{.tracker = std::move(*tracker),
                   .fingerprint = *fingerprint,
                   .user = text_of_member(*object, "user"),
                   .token = text_of_member(*object, "token")};
}

Result<void> Account::save(const std::filesystem::path& folder) const {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        return fail(ErrorCode::refused, "cannot make the folder '{}': {}",
                    printable(folder.native()), error.message());
    }
    boost::json::object object{{"tracker", tracker}, {"fingerprint", net::to_text(fingerprint)}};
    if (user) object["user"] = *user;
    if (token) object["token"] = *token;
    return disk::write_private_file(folder / file_name, boost::json::serialize(object) + "\n");
}

}  // namespace shoal::node
