#include "catalogue/accounts.h"

#include <gmock/gmock.h>
#include <thread>

#include "support.h"

namespace shoal::catalogue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AccountsTest : public CatalogueTest {
  protected:
    template <class T>
    static void expect_refused(const Result<T>& result, std::string_view words) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::refused) << result.error().message;
        EXPECT_THAT(result.error().message, HasSubstr(std::string(words)));
    }
    /// Calls the same from several threads at once; how many succeeded.
    template <class Call>
    static int at_once(int threads, Call call) {
        std::atomic<int> good = 0;
        {
            std::vector<std::jthread> all;
            for (int i = 0; i < threads; ++i) {
                all.emplace_back([&, i] { good += call(i) ? 1 : 0; });
            }
        }
        return good;
    }
};
INSTANTIATE_TEST_SUITE_P(Backends, AccountsTest, backends(), backend_name);

TEST_P(AccountsTest, AMemberRegistersLogsInAndOut) {
    const User user = register_user("Nguyễn Anh");
    EXPECT_EQ(user.role, Role::member);
    const auto login = accounts_->login("NGUYỄN anh", good_password, "a\nlaptop");
    ASSERT_TRUE(login) << login.error().message;
    EXPECT_EQ(login->session.user.name, "Nguyễn Anh");
    EXPECT_EQ(login->session.label, "a\ufffdlaptop");
    EXPECT_EQ(accounts_->whoami(login->token).value().user.id, user.id);
    ASSERT_TRUE(accounts_->logout(login->token));
    expect_refused(accounts_->whoami(login->token), "log in");
    EXPECT_TRUE(accounts_->logout(login->token)) << "is over already";
}

TEST_P(AccountsTest, ANameIsTakenInAllItsForms) {
    register_user("anna");
    expect_refused(accounts_->register_user("ANNA", good_password), "taken");
    expect_refused(accounts_->register_user("ａｎｎａ", good_password), "taken");
    EXPECT_EQ(accounts_->user_named("Anna").value().name, "anna");
    EXPECT_EQ(accounts_->user_named("anna' OR '1'='1").error().code, ErrorCode::not_found);
}

TEST_P(AccountsTest, TwoWhoRegisterOneNameAtOnceBecomeOne) {
    EXPECT_EQ(
        at_once(6,
                [&](int) { return accounts_->register_user("anna", good_password).has_value(); }),
        1);
    EXPECT_EQ(accounts_->count_users(), 1);
}

TEST_P(AccountsTest, TheLeastPasswordIsTheOperators) {
    EXPECT_EQ(accounts_->register_user("user1", "123456").error().code, ErrorCode::usage);
    accounts_->set_least_password(6);
    EXPECT_TRUE(accounts_->register_user("user1", "123456"));
    accounts_->set_least_password(12);
    EXPECT_TRUE(accounts_->login("user1", "123456", "")) << "chosen when it was long enough";
}

TEST_P(AccountsTest, AWrongLoginTellsNothing) {
    register_user("anna");
    const auto wrong = accounts_->login("anna", "wrong horse", "");
    expect_refused(wrong, "wrong user name or password");
    for (const std::string name : {"nobody", "", "a/b", "\xff"}) {
        const auto unknown = accounts_->login(name, good_password, "");
        ASSERT_FALSE(unknown);
        EXPECT_EQ(unknown.error().message, wrong.error().message) << name;
    }
    expect_refused(accounts_->login("anna", std::string(2000, 'a'), ""), "wrong user name");
}

TEST_P(AccountsTest, SessionsExpireAndAreListedAndEnded) {
    const User anna = register_user("anna");
    const User ben = register_user("ben");
    const std::string first = log_in("anna");
    time_ += std::chrono::hours(1);
    const std::string second = log_in("anna");
    const std::string other = log_in("ben");
    const auto sessions = accounts_->sessions(anna.id).value();
    ASSERT_EQ(sessions.size(), 2u);
    EXPECT_GT(sessions[0].created, sessions[1].created);
    EXPECT_EQ(accounts_->end_session(ben.id, sessions[1].id).error().code, ErrorCode::not_found);
    ASSERT_TRUE(accounts_->end_session(anna.id, sessions[1].id));
    EXPECT_FALSE(accounts_->whoami(first));
    EXPECT_TRUE(accounts_->whoami(second));
    EXPECT_EQ(accounts_->end_sessions(anna.id), 1);
    EXPECT_FALSE(accounts_->whoami(second));
    EXPECT_TRUE(accounts_->whoami(other));
    time_ += Accounts::session_life;
    EXPECT_FALSE(accounts_->whoami(other)) << "expired";
}

TEST_P(AccountsTest, TooManySessionsEndTheOldest) {
    const User anna = register_user("anna");
    const std::string first = log_in("anna");
    for (std::size_t i = 0; i < Accounts::max_sessions; ++i) log_in("anna");
    EXPECT_EQ(accounts_->sessions(anna.id).value().size(), Accounts::max_sessions);
    EXPECT_FALSE(accounts_->whoami(first));
}

TEST_P(AccountsTest, LastUseIsWrittenSeldom) {
    register_user("anna");
    const std::string token = log_in("anna");
    const Time begin = time_;
    time_ += std::chrono::minutes(9);
    EXPECT_EQ(accounts_->whoami(token).value().last_used, begin);
    time_ += std::chrono::minutes(2);
    EXPECT_EQ(accounts_->whoami(token).value().last_used, time_);
}

TEST_P(AccountsTest, TokensAreNotStored) {
    register_user("anna");
    const std::string token = log_in("anna");
    const auto stored = database_->read([](Sql& sql) -> Result<std::string> {
        return std::get<0>(sql.row<std::string>("SELECT token_hash FROM sessions").value());
    });
    EXPECT_EQ(stored, token_hash(token));
}

TEST_P(AccountsTest, APasswordThatIsGivenAnewEndsAllSessions) {
    const User ann = register_user("ann");
    const std::string token = log_in("ann");
    EXPECT_EQ(accounts_->set_password(ann.id, "short").error().code, ErrorCode::usage);
    EXPECT_EQ(accounts_->set_password(99, "new password").error().code, ErrorCode::not_found);
    EXPECT_TRUE(accounts_->whoami(token));
    ASSERT_TRUE(accounts_->set_password(ann.id, "new password"));
    EXPECT_FALSE(accounts_->whoami(token));
    EXPECT_FALSE(accounts_->login("ann", good_password, ""));
    EXPECT_TRUE(accounts_->login("ann", "new password", ""));
}

TEST_P(AccountsTest, AChangedPasswordEndsTheOtherSessions) {
    register_user("anna");
    const std::string here = log_in("anna");
    const std::string elsewhere = log_in("anna");
    const Session session = accounts_->whoami(here).value();
    expect_refused(accounts_->change_password(session, "wrong horse", "new password"), "wrong");
    EXPECT_EQ(accounts_->change_password(session, good_password, "short").error().code,
              ErrorCode::usage);
    ASSERT_TRUE(accounts_->change_password(session, good_password, "new password"));
    EXPECT_TRUE(accounts_->whoami(here));
    EXPECT_FALSE(accounts_->whoami(elsewhere));
    EXPECT_FALSE(accounts_->login("anna", good_password, ""));
    EXPECT_TRUE(accounts_->login("anna", "new password", ""));
}

TEST_P(AccountsTest, TheSetUpLinkMakesTheFirstAdministratorOnly) {
    const std::string code = accounts_->setup_code().value().value();
    expect_refused(accounts_->register_administrator("eve", good_password, std::string(32, 'A')),
                   "set-up link");
    EXPECT_EQ(at_once(4,
                      [&](int i) {
                          return accounts_
                              ->register_administrator("admin" + std::to_string(i), good_password,
                                                       code)
                              .has_value();
                      }),
              1);
    EXPECT_EQ(accounts_->setup_code().value(), std::nullopt);
    expect_refused(accounts_->register_administrator("eve", good_password, code), "already");
}

TEST_P(AccountsTest, TheLastAdministratorStays) {
    const User first = register_administrator("root");
    const User second = register_user("anna");
    expect_refused(accounts_->set_role(first.id, Role::member), "last administrator");
    expect_refused(accounts_->set_disabled(first.id, true), "last administrator");
    ASSERT_TRUE(accounts_->set_role(second.id, Role::admin));
    EXPECT_EQ(
        at_once(
            2,
            [&](int i) {
                return accounts_->set_role(i == 0 ? first.id : second.id, Role::member).has_value();
            }),
        1)
        << "both at once would leave none";
    EXPECT_EQ(accounts_->set_role(999, Role::admin).error().code, ErrorCode::not_found);
}

TEST_P(AccountsTest, ADisabledUserHasNoSessionNoPasskeyAndNoLogin) {
    const User user = register_user("anna");
    const std::string token = log_in("anna");
    const std::string passkey = passkeys_->of_user(user.id).value();
    EXPECT_EQ(passkeys_->user_of(passkey), user.id);
    ASSERT_TRUE(accounts_->set_disabled(user.id, true));
    EXPECT_FALSE(accounts_->whoami(token));
    EXPECT_EQ(passkeys_->user_of(passkey), std::nullopt);
    expect_refused(accounts_->login("anna", good_password, ""), "disabled");
    expect_refused(accounts_->login("anna", "wrong horse", ""), "wrong user name");
    expect_refused(accounts_->new_passkey(user.id), "disabled");
    EXPECT_FALSE(accounts_->set_disabled(user.id, false).value().disabled);
    EXPECT_EQ(passkeys_->user_of(passkey), user.id);
    EXPECT_FALSE(accounts_->whoami(token)) << "ended for good";
}

TEST_P(AccountsTest, ANewPasskeyRevokesTheFormerAlsoAfterARestart) {
    const User user = register_user("anna");
    const std::string former = passkeys_->of_user(user.id).value();
    const std::string present = accounts_->new_passkey(user.id).value();
    EXPECT_EQ(passkeys_->of_user(user.id), present);
    Passkeys restarted(*secrets_);
    Accounts accounts(*database_, *secrets_, *passwords_, restarted, [this] { return time_; });
    ASSERT_TRUE(accounts.load());
    EXPECT_EQ(restarted.user_of(present), user.id);
    EXPECT_EQ(restarted.user_of(former), std::nullopt);
}

TEST_P(AccountsTest, UsersAreListedByNameInPages) {
    for (const std::string name : {"Dũng", "anna", "Chi", "ben", "eve"}) register_user(name);
    std::vector<std::string> names;
    PageRequest request{.limit = 2};
    int pages = 0;
    do {
        const auto page = accounts_->users(request).value();
        for (const User& user : page.items) names.push_back(user.name);
        request.after = page.next;
        ++pages;
        if (pages == 1) register_user("aaron");  // before the place: moves nothing
    } while (!request.after.empty());
    EXPECT_THAT(names, ElementsAre("anna", "ben", "Chi", "Dũng", "eve"));
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(accounts_->users({.after = "nonsense"}).error().code, ErrorCode::usage);
}

TEST_P(AccountsTest, AnInvitationIsSpentOnceForEachUse) {
    const Invitation invitation = accounts_->invite({.label = "class", .uses = 2}).value();
    const std::string code = accounts_->code_of(invitation);
    EXPECT_EQ(at_once(6,
                      [&](int i) {
                          return accounts_
                              ->register_user("user" + std::to_string(i), good_password, code)
                              .has_value();
                      }),
              2);
    EXPECT_EQ(accounts_->count_users(), 2);
    expect_refused(accounts_->invitation_for(code), "used up");
}

TEST_P(AccountsTest, ARefusedRegistrationSpendsNothing) {
    register_user("anna");
    const Invitation invitation = accounts_->invite({}).value();
    const std::string code = accounts_->code_of(invitation);
    EXPECT_FALSE(accounts_->register_user("anna", good_password, code));
    EXPECT_FALSE(accounts_->register_user("ben", "short", code));
    EXPECT_EQ(accounts_->invitation_for(code).value().used, 0);
    EXPECT_TRUE(accounts_->register_user("ben", good_password, code));
}

TEST_P(AccountsTest, TheStandingInvitationStaysUntilItIsRevoked) {
    // The operator may give others the same label.
    ASSERT_TRUE(accounts_->invite({.label = "join link", .uses = 1}));
    const auto first = accounts_->standing_invitation();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->uses, 0);
    EXPECT_EQ(accounts_->standing_invitation()->id, first->id);
    ASSERT_TRUE(accounts_->revoke_invitation(first->id));
    const auto second = accounts_->standing_invitation();
    ASSERT_TRUE(second);
    EXPECT_NE(second->id, first->id);
    EXPECT_TRUE(accounts_->invitation_of(accounts_->code_of(*first))->revoked);
    EXPECT_EQ(accounts_->invitation_of("x").error().code, ErrorCode::not_found);
    EXPECT_EQ(accounts_->invitation(99).error().code, ErrorCode::not_found);
    EXPECT_TRUE(accounts_->invitation_for(accounts_->code_of(*second)));
}

TEST_P(AccountsTest, InvitationsExpireAndAreRevoked) {
    const auto expiring = accounts_->invite({.uses = 0, .expires = time_ + std::chrono::hours(1)});
    const auto revoked = accounts_->invite({.uses = 0});
    ASSERT_TRUE(expiring && revoked);
    EXPECT_TRUE(accounts_->invitation_for(accounts_->code_of(*expiring)));
    time_ += std::chrono::hours(2);
    expect_refused(accounts_->register_user("ben", good_password, accounts_->code_of(*expiring)),
                   "expired");
    ASSERT_TRUE(accounts_->revoke_invitation(revoked->id));
    expect_refused(accounts_->register_user("ben", good_password, accounts_->code_of(*revoked)),
                   "revoked");
    expect_refused(accounts_->register_user("ben", good_password, "made up"), "wrong");
    EXPECT_EQ(accounts_->revoke_invitation(99).error().code, ErrorCode::not_found);
    EXPECT_EQ(accounts_->invite({.uses = -1}).error().code, ErrorCode::usage);
    EXPECT_EQ(accounts_->invite({.expires = time_}).error().code, ErrorCode::usage);
    const auto listed = accounts_->invitations({.limit = 1}).value();
    ASSERT_EQ(listed.items.size(), 1u);
    EXPECT_EQ(listed.items[0].id, revoked->id);
    EXPECT_TRUE(listed.items[0].revoked);
    EXPECT_EQ(accounts_->invitations({.after = listed.next}).value().items.front().id,
              expiring->id);
}

}  // namespace
}  // namespace shoal::catalogue
