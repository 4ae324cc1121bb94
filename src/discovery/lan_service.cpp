#include "discovery/lan_service.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace shoal::discovery {
namespace {

constexpr std::size_t max_name = 50;
constexpr std::size_t key_digits = 8;
/// How long others may remember an answer, in seconds: as the standard advises for what names a
/// machine, because an address may change.
constexpr std::uint32_t time_to_live = 120;

const DnsName service_name = {"_shoal", "_tcp", "local"};
/// What lists all kinds of services on a network (RFC 6763 section 9).
const DnsName all_services = {"_services", "_dns-sd", "_udp", "local"};

std::string short_key(const net::KeyFingerprint& fingerprint) {
    return fingerprint.hex().substr(0, key_digits);
}

/// Cut between characters.
std::string shortened(std::string text) {
    std::size_t end = std::min(text.size(), max_name);
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text;
}

/// The key makes the names unique on the network, so that nobody has to be asked whether they are
/// taken.
DnsName instance_name(const LanService& service) {
    std::string label = shortened(printable(service.name));
    label += label.empty() ? "" : " ";
    label += short_key(service.fingerprint);
    return {label, service_name[0], service_name[1], service_name[2]};
}

DnsName host_name(const LanService& service) {
    return {"shoal-" + service.fingerprint.hex().substr(0, 2 * key_digits), "local"};
}

/// The name for people in the first label of an instance; nothing when it is not of our making.
std::optional<std::string> name_in(const std::string& label,
                                   const net::KeyFingerprint& fingerprint) {
    const std::string key = short_key(fingerprint);
    if (!label.ends_with(key) || !is_valid_utf8(label)) return std::nullopt;
    std::string name = label.substr(0, label.size() - key.size());
    if (!name.empty() && name.back() != ' ') return std::nullopt;
    if (!name.empty()) name.pop_back();
    if (name.size() > max_name || printable(name) != name) return std::nullopt;
    return name;
}

bool is_instance(const DnsName& name) {
    return name.size() == service_name.size() + 1 &&
           same_name(DnsName(name.begin() + 1, name.end()), service_name);
}

std::optional<net::KeyFingerprint> key_in(const std::vector<DnsRecord>& records,
                                          const DnsName& instance) {
    for (const DnsRecord& record : records) {
        const auto* text = std::get_if<DnsText>(&record.data);
        if (text == nullptr || !same_name(record.name, instance)) continue;
        for (const std::string& entry : text->strings) {
            if (!entry.starts_with("k=")) continue;
            const auto fingerprint = net::parse_fingerprint(std::string_view(entry).substr(2));
            return fingerprint ? std::optional(*fingerprint) : std::nullopt;
        }
    }
    return std::nullopt;
}

std::vector<net::Address> addresses_in(const std::vector<DnsRecord>& records, const DnsName& host) {
    std::vector<net::Address> addresses;
    for (const DnsRecord& record : records) {
        const auto* address = std::get_if<net::Address>(&record.data);
        if (address == nullptr || !same_name(record.name, host)) continue;
        const net::Address plain = net::normalised(*address);
        if (addresses.size() < max_lan_addresses && std::ranges::count(addresses, plain) == 0) {
            addresses.push_back(plain);
        }
    }
    return addresses;
}

}  // namespace

net::Address lan_group(bool v4) {
    return boost::asio::ip::make_address(v4 ? "224.0.0.251" : "ff02::fb");
}

ByteVector lan_question() {
    DnsMessage message;
    message.questions = {{service_name, DnsType::ptr}};
    return encode_dns_message(message);
}

bool asks_for(const DnsMessage& message, const LanService& service) {
    if (message.response) return false;
    const DnsName instance = instance_name(service);
    const DnsName host = host_name(service);
    const bool asked = std::ranges::any_of(message.questions, [&](const DnsQuestion& question) {
        const auto is = [&](const DnsName& name, std::initializer_list<DnsType> types) {
            const bool of_type =
                question.type == DnsType::any || std::ranges::count(types, question.type) > 0;
            return of_type && same_name(question.name, name);
        };
        return is(service_name, {DnsType::ptr}) || is(all_services, {DnsType::ptr}) ||
               is(instance, {DnsType::srv, DnsType::txt}) || is(host, {DnsType::a, DnsType::aaaa});
    });
    // Who shows an answer that is good for half its time or longer wants no other (RFC 6762
    // section 7.1).
    const bool known = std::ranges::any_of(message.answers, [&](const DnsRecord& record) {
        const auto* pointer = std::get_if<DnsPointer>(&record.data);
        return pointer != nullptr && same_name(record.name, service_name) &&
               same_name(pointer->target, instance) && record.ttl >= time_to_live / 2;
    });
    return asked && !known;
}

ByteVector lan_answer(const LanService& service, bool gone) {
    const DnsName instance = instance_name(service);
    const DnsName host = host_name(service);
    const std::uint32_t ttl = gone ? 0 : time_to_live;
    DnsMessage message;
    message.response = true;
    // That there are trackers at all stays true when one of them goes.
    if (!gone) message.answers.push_back({all_services, ttl, false, DnsPointer{service_name}});
    message.answers.push_back({service_name, ttl, false, DnsPointer{instance}});
    message.answers.push_back({instance, ttl, true, DnsService{service.port, host}});
    message.answers.push_back(
        {instance, ttl, true, DnsText{{"txtvers=1", "k=" + net::to_text(service.fingerprint)}}});
    for (const net::Address& address : service.addresses) {
        if (message.answers.size() >= max_lan_addresses + 4) break;
        message.answers.push_back({host, ttl, true, address});
    }
    return encode_dns_message(message);
}

std::vector<LanService> lan_services_in(const DnsMessage& message) {
    std::vector<LanService> services;
    if (!message.response) return services;
    std::vector<DnsRecord> records = message.answers;
    records.insert(records.end(), message.additionals.begin(), message.additionals.end());
    std::erase_if(records, [](const DnsRecord& record) { return record.ttl == 0; });
    for (const DnsRecord& record : records) {
        const auto* where = std::get_if<DnsService>(&record.data);
        if (where == nullptr || where->port == 0 || !is_instance(record.name)) continue;
        const auto fingerprint = key_in(records, record.name);
        if (!fingerprint) continue;
        const auto name = name_in(record.name.front(), *fingerprint);
        auto addresses = addresses_in(records, where->target);
        if (!name || addresses.empty()) continue;
        LanService found{*name, where->port, *fingerprint, std::move(addresses)};
        if (services.size() < max_lan_services && std::ranges::count(services, found) == 0) {
            services.push_back(std::move(found));
        }
    }
    return services;
}

}  // namespace shoal::discovery
