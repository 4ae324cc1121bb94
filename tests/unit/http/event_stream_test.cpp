#include "http/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace shoal::http {
namespace {

using namespace shoal::http::testing;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// What one block of a stream says.
struct Block {
    std::string event, id, data;
};

Block read_block(RawClient& client) {
    const std::string text = client.until("\n\n");
    Block block;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        if (line.starts_with("event: ")) block.event = line.substr(7);
        if (line.starts_with("id: ")) block.id = line.substr(4);
        if (line.starts_with("data: ")) block.data = line.substr(6);
        at = end + 1;
    }
    return block;
}

/// The next block that is an event; keep-alives are passed over.
Block read_event(RawClient& client) {
    for (;;) {
        Block block = read_block(client);
        if (!block.data.empty() || block.id.empty()) return block;
    }
}

class EventStreamTest : public ServerFixture {
  protected:
    void start(EventLimits limits = {}, Limits server = {}) {
        hub_ = std::make_unique<EventHub>(io_.get_executor(), limits);
        Router router;
        router.add(Method::get, "/events", [this](const Request& request, Response& response) {
            const std::string owner(request.query);
            hub_->serve(request, response, {owner, [owner](const Event& event) {
                                                return event.audience.empty() ||
                                                       event.audience == owner;
                                            }});
        });
        router.add(Method::get, "/later-events",
                   [this](const Request& request, Response& response) -> asio::awaitable<void> {
                       co_await asio::post(asio::use_awaitable);
                       hub_->serve(request, response);
                   });
        router.add(Method::get, "/live", [this](const Request& request, Response& response) {
            EventHub::Listener listener;
            listener.live = live_;
            hub_->serve(request, response, std::move(listener));
        });
        ServerFixture::start(std::move(router), server);
    }
    void show(const std::string& data) {
        on_server([&] {
            hub_->show(*live_, data);
            return 0;
        });
    }

    /// A client that has been told where it begins.
    std::unique_ptr<RawClient> listen(const std::string& last_id = "",
                                      const std::string& target = "/events") {
        auto client = std::make_unique<RawClient>(endpoint_);
        client->send("GET " + target + " HTTP/1.1\r\n" +
                     (last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n") + "\r\n");
        EXPECT_THAT(client->until("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
        start_id_ = read_block(*client).id;
        return client;
    }
    void publish(int number, const std::string& audience = "") {
        on_server([&] {
            hub_->publish("count", {{"n", number}}, audience);
            return 0;
        });
    }
    void wait_for_streams(std::size_t count) {
        while (on_server([&] { return hub_->streams(); }) != count) std::this_thread::yield();
    }

    std::unique_ptr<EventHub> hub_;
    std::shared_ptr<LiveDocument> live_ =
        std::make_shared<LiveDocument>(LiveDocument{.type = "view"});
    std::string start_id_;
};

TEST_F(EventStreamTest, KnowsWhatNobodyHears) {
    start();
    const auto is_heard = [&](const std::string& audience) {
        return on_server([&] { return hub_->is_heard({.audience = audience}); });
    };
    EXPECT_FALSE(is_heard(""));
    const auto client = listen("", "/events?Lan");
    EXPECT_TRUE(is_heard(""));
    EXPECT_TRUE(is_heard("Lan"));
    EXPECT_FALSE(is_heard("Minh"));
}

TEST_F(EventStreamTest, TellsWhatHappensFromNowOn) {
    start();
    publish(1);
    const auto client = listen();
    EXPECT_THAT(start_id_, EndsWith("-1"));
    publish(2);
    publish(3);
    const Block second = read_event(*client);
    EXPECT_EQ(second.event, "count");
    EXPECT_EQ(second.data, R"({"n":2})");
    EXPECT_THAT(second.id, EndsWith("-2"));
    EXPECT_EQ(read_event(*client).data, R"({"n":3})");
}

TEST_F(EventStreamTest, ACoroutineMayServeIt) {
    start();
    const auto client = listen("", "/later-events");
    publish(1);
    EXPECT_EQ(read_event(*client).data, R"({"n":1})");
}

TEST_F(EventStreamTest, AClientGoesOnWhereItWas) {
    start();
    std::string id;
    {
        const auto client = listen();
        for (int i = 1; i <= 3; ++i) publish(i);
        read_event(*client);
        id = read_event(*client).id;
    }
    wait_for_streams(0);
    publish(4);
    const auto client = listen(id);
    EXPECT_EQ(read_event(*client).data, R"({"n":3})");
    EXPECT_EQ(read_event(*client).data, R"({"n":4})");
    publish(5);
    EXPECT_EQ(read_event(*client).data, R"({"n":5})");
}

TEST_F(EventStreamTest, WhoeverMissedEventsIsToldSo) {
    start({.kept_events = 2});
    const auto first = listen();
    const std::string beginning = start_id_;
    for (int i = 1; i <= 3; ++i) publish(i);
    for (const std::string& id :
         {beginning, std::string("0000000000000000-1"), std::string("nonsense"),
          beginning.substr(0, 17) + "99", beginning.substr(0, 17) + "-1", beginning + "x"}) {
        const auto client = listen(id);
        const Block block = read_event(*client);
        EXPECT_EQ(block.event, "reset") << id;
        EXPECT_THAT(block.id, EndsWith("-3"));
    }
    const auto client = listen(beginning.substr(0, 17) + "1");
    EXPECT_EQ(read_event(*client).data, R"({"n":2})") << "two events are kept";
}

TEST_F(EventStreamTest, EveryoneSeesWhatIsForHim) {
    start();
    const auto an = listen("", "/events?an");
    const auto binh = listen("", "/events?binh");
    publish(1, "an");
    publish(2, "binh");
    publish(3);
    EXPECT_EQ(read_event(*an).data, R"({"n":1})");
    EXPECT_EQ(read_event(*an).data, R"({"n":3})");
    EXPECT_EQ(read_event(*binh).data, R"({"n":2})");
    EXPECT_EQ(read_event(*binh).data, R"({"n":3})");
}

TEST_F(EventStreamTest, SilenceIsKeptAlive) {
    start({.keep_alive = 50ms});
    const auto client = listen("", "/events?an");
    publish(1, "binh");
    std::string block = client->until("\n\n");
    while (!block.ends_with("-1\n\n")) block = client->until("\n\n");
    EXPECT_THAT(block, StartsWith(":\nid: ")) << "also tells how far others' events have come";
}

TEST_F(EventStreamTest, StreamsAreBounded) {
    start({.streams = 3, .streams_per_owner = 2});
    const auto first = listen("", "/events?an");
    auto second = listen("", "/events?an");
    EXPECT_THAT(ask("GET /events?an HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 429 "));
    const auto third = listen("", "/events?binh");
    EXPECT_THAT(ask("GET /events?cuc HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
    second.reset();
    wait_for_streams(2);
    const auto fourth = listen("", "/events?an");
    EXPECT_THAT(ask("HEAD /events?cuc HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
}

TEST_F(EventStreamTest, HeadOpensNoStream) {
    start();
    EXPECT_THAT(ask("HEAD /events HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\n"));
    EXPECT_EQ(on_server([&] { return hub_->streams(); }), 0u);
}

TEST_F(EventStreamTest, ASlowClientHoldsNobodyUpAndLearnsThatItMissedSomething) {
    start({.kept_bytes = 256 * 1024});
    const auto slow = listen();
    const auto quick = listen();
    const std::string load(64 * 1024, 'x');
    constexpr int events = 800;  // 50 MiB, more than the kernel holds for one connection
    for (int i = 0; i < events; ++i) {
        on_server([&] {
            hub_->publish("load", {{"n", i}, {"load", load}});
            return 0;
        });
        ASSERT_THAT(read_event(*quick).data, StartsWith("{\"n\":" + std::to_string(i) + ","));
    }
    Block block = read_event(*slow);
    int seen = 0;
    for (; block.event == "load"; block = read_event(*slow)) ++seen;
    EXPECT_EQ(block.event, "reset");
    EXPECT_LT(seen, events);
    publish(7);
    while (block.event != "count") {
        block = read_event(*slow);
        ASSERT_NE(block.event, "");
    }
    EXPECT_EQ(block.data, R"({"n":7})");
}

TEST_F(EventStreamTest, ALiveDocumentIsToldAsItIsNowToThoseWhoListenToIt) {
    start();
    const auto other = listen();
    show(R"({"n":1})");
    show(R"({"n":2})");
    const auto client = listen("", "/live");
    Block told = read_event(*client);
    EXPECT_EQ(told.event + told.data + told.id, R"(view{"n":2})");
    // What stays as it is, is not told again.
    show(R"({"n":2})");
    publish(7);
    EXPECT_EQ(read_event(*client).event, "count");
    show(R"({"n":3})");
    told = read_event(*client);
    EXPECT_EQ(told.event + told.data, R"(view{"n":3})");
    EXPECT_EQ(read_event(*other).event, "count");
    publish(8);
    EXPECT_EQ(read_event(*other).data, R"({"n":8})");
}

TEST_F(EventStreamTest, ALiveDocumentIsLetGoOfWithItsStream) {
    start();
    {
        const auto client = listen("", "/live");
        EXPECT_EQ(live_.use_count(), 2);
    }
    show("{}");
    wait_for_streams(0);
    EXPECT_EQ(live_.use_count(), 1);
}

TEST_F(EventStreamTest, AClientThatTakesNothingIsClosed) {
    start({}, {.write_time = 1s});
    const auto stuck = listen();
    const std::string load(1 << 20, 'x');
    const auto publish_and_count = [&] {
        hub_->publish("load", {{"load", load}});
        return hub_->streams();
    };
    while (on_server(publish_and_count) > 0) {
    }
}

TEST_F(EventStreamTest, AnOwnersStreamsCanBeEnded) {
    start();
    const auto an = listen("", "/events?an");
    const auto binh = listen("", "/events?binh");
    on_server([&] {
        hub_->end_streams_of("an");
        return 0;
    });
    EXPECT_EQ(an->rest(), "");
    publish(1);
    EXPECT_EQ(read_event(*binh).data, R"({"n":1})");
}

TEST_F(EventStreamTest, TheEndOfTheHubOrTheServerEndsThem) {
    start();
    const auto first = listen();
    on_server([&] {
        hub_.reset();
        return 0;
    });
    EXPECT_EQ(first->rest(), "");
    on_server([&] {
        hub_ = std::make_unique<EventHub>(io_.get_executor());
        return 0;
    });
    const auto second = listen();
    stop();
    EXPECT_EQ(second->rest(), "");
    EXPECT_EQ(hub_->streams(), 0u);
}

TEST_F(EventStreamTest, AClientThatTalksIntoItsStreamIsClosed) {
    start();
    const auto client = listen();
    std::thread talker([&] {
        while (client->send(std::string(64 * 1024, 'x'))) {
        }
    });
    talker.join();
    wait_for_streams(0);
}

}  // namespace
}  // namespace shoal::http
