// Connections that cannot be made, that end, and that take too long.
#include <filesystem>
#include <fstream>
#include <future>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;

// Whether `call` throws exactly an Error that tells what the server said as it ended a connection.
template <class Error, class Call>
testing::AssertionResult tells_the_end(Call call) {
    std::string said = "nothing";
    const bool is_it = throws_just<Error>([&] {
        try {
            call();
        } catch (const std::exception &problem) {
            said = problem.what();
            throw;
        }
    });
    if (is_it && said.find("due to administrator command") != said.npos)
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << (is_it ? "it said: " : "another error: ") << said;
}

TEST(ConnectionTest, SaysWhyThereIsNone) {
    EXPECT_TRUE(
        throws_just<kvstore::connection_error>([] { kvstore::client("host=/nonexistent"); }));
    EXPECT_THROW(kvstore::client("host=127.0.0.1 port=1"), kvstore::connection_error);
    EXPECT_THROW(kvstore::client("dbname=no_such_database"), kvstore::connection_error);
    EXPECT_THROW(kvstore::client("no such option"), kvstore::connection_error);
    try {
        kvstore::client client("dbname=no_such_database");
    } catch (const kvstore::error &problem) {
        EXPECT_NE(std::string(problem.what()).find("no_such_database"), std::string::npos);
    }
}

TEST(ConnectionTest, NeedsTheRightPassword) {
    const char *user = std::getenv("KVSTORE_TEST_PASSWORD_USER");  // NOLINT: one thread
    if (user == nullptr)
        GTEST_SKIP() << "no user with a password here";
    const std::string conninfo = std::string("user=") + user + " password=";
    EXPECT_NO_THROW(kvstore::client(conninfo + "right"));
    EXPECT_THROW(kvstore::client(conninfo + "wrong"), kvstore::connection_error);
}

TEST(ConnectionTest, IsMadeAnewAfterItEndedIdle) {
    victim of;
    kvstore::client &client = of.client;
    client.set("idle", "1");
    of.kill();
    EXPECT_EQ(client.get("idle"), "1");
    of.kill();
    kvstore::pipeline batch(client);
    auto later = batch.get_del("idle");
    EXPECT_EQ(batch.run(), 0U);
    EXPECT_EQ(later.get(), "1");
    of.kill();
    client.transact([](auto &tx) { tx.set("idle", "2"); });
    EXPECT_EQ(client.get_del("idle"), "2");
}

TEST(ConnectionTest, IsMadeAnewAfterACallThatFailedWithIt) {
    victim of;
    of.lock("killed");
    auto killer = std::async([&] {
        of.wait_until_blocked();
        of.kill();
    });
    EXPECT_TRUE(tells_the_end<kvstore::in_doubt_error>([&] { of.client.set("killed", "mine"); }));
    killer.get();
    EXPECT_EQ(of.client.get("killed"), "before");
}

// More than can be sent while the server waits.
TEST(ConnectionTest, EndsOnlyWhatIsUnderWayInAPipeline) {
    victim of;
    of.lock("killed");
    auto killer = std::async([&] {
        of.wait_until_blocked();
        of.kill();
    });
    kvstore::pipeline batch(of.client);
    auto before = batch.incr("pipeline", 1);
    auto under_way = batch.set("killed", "mine");
    auto after = batch.incr("pipeline", 1);
    for (int i = 0; i < 30'000; i++)
        batch.incr("pipeline", 1);
    auto never_sent = batch.incr("pipeline", 1);
    EXPECT_TRUE(tells_the_end<kvstore::in_doubt_error>([&] { batch.run(); }));
    killer.get();
    EXPECT_EQ(before.get(), 1);
    EXPECT_TRUE(tells_the_end<kvstore::in_doubt_error>([&] { under_way.get(); }));
    EXPECT_TRUE(tells_the_end<kvstore::in_doubt_error>([&] { after.get(); }));
    EXPECT_TRUE(tells_the_end<kvstore::connection_error>([&] { never_sent.get(); }));
    EXPECT_EQ(of.client.get_del("pipeline"), "1");
}

// What was answered before is good, though it has not been looked at when the connection ends in
// the middle of something large, and behind that libpq sends more than once for a message.
TEST(ConnectionTest, LosesNoAnswerThatHadCome) {
    const plain_connection server;
    server.sql(R"(SELECT kv_create_store('killing');
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(0); RETURN NEW; END';
        CREATE TRIGGER die BEFORE INSERT ON killing FOR EACH ROW EXECUTE FUNCTION die())");
    kvstore::client client;
    client.set("v", std::string(1000, 'v'));
    kvstore::pipeline batch(client);
    std::vector<kvstore::reply<std::optional<std::string>>> before;
    for (int i = 0; i < 20; i++) {
        before.push_back(batch.get("v"));
        batch.incr("n", 1);
    }
    auto killed = batch.open_store("killing").set("k", "v");
    batch.set("large", std::string(50'000'000, 'l'));
    for (int i = 0; i < 20; i++)
        batch.set("behind", std::string(20'000, 'b'));
    EXPECT_TRUE(tells_the_end<kvstore::in_doubt_error>([&] { batch.run(); }));
    for (const auto &each : before)
        EXPECT_EQ(each.get().value_or("").size(), 1000U);
    EXPECT_TRUE(tells_the_end<kvstore::in_doubt_error>([&] { killed.get(); }));
    EXPECT_EQ(client.get_del("n"), "20");
    client.del("v");
    server.sql("DROP TABLE killing; DROP FUNCTION die()");
}

// None of it is committed.
TEST(ConnectionTest, EndsAPipelineWithItsTransaction) {
    victim of;
    of.lock("killed");
    kvstore::transaction tx(of.client);
    auto killer = std::async([&] {
        of.wait_until_blocked();
        of.kill();
    });
    kvstore::pipeline batch(tx);
    auto under_way = batch.set("killed", "mine");
    EXPECT_TRUE(tells_the_end<kvstore::connection_error>([&] { batch.run(); }));
    killer.get();
    EXPECT_TRUE(tells_the_end<kvstore::connection_error>([&] { under_way.get(); }));
}

TEST(ConnectionTest, EndsTheTransactionWithIt) {
    victim of;
    int attempts = 0;
    EXPECT_THROW(of.client.transact([&](auto &tx) {
        attempts++;
        tx.set("ended", "v");
        of.kill();
        EXPECT_TRUE(throws_just<kvstore::connection_error>([&] { tx.set("ended", "w"); }));
        tx.set("ended", "not outside of the transaction");
    }),
                 kvstore::connection_error);
    EXPECT_EQ(attempts, 1);
    EXPECT_EQ(of.client.get("ended"), std::nullopt);
}

// So it is not in doubt.
TEST(ConnectionTest, CommitsNothingThatEndedBefore) {
    victim of;
    EXPECT_TRUE(throws_just<kvstore::connection_error>([&] {
        of.client.transact([&](auto &tx) {
            tx.set("ended", "v");
            of.kill();
        });
    }));
    EXPECT_EQ(of.client.get("ended"), std::nullopt);

    kvstore::transaction tx(of.client);
    kvstore::pipeline batch(tx);
    const auto later = batch.set("ended", "v");
    of.kill();
    EXPECT_TRUE(throws_just<kvstore::connection_error>([&] { batch.run(); }));
    EXPECT_TRUE(throws_just<kvstore::connection_error>([&] { later.get(); }));
    EXPECT_TRUE(throws_just<kvstore::connection_error>([&] { tx.commit(); }));
    EXPECT_EQ(of.client.get("ended"), std::nullopt);
}

TEST(ConnectionTest, GivesUpAfterTheStatementTimeout) {
    victim of;
    of.lock("slow");
    kvstore::client client({.statement_timeout = 1s});
    EXPECT_THROW(client.set("slow", "mine"), kvstore::timeout_error);
    EXPECT_EQ(client.get("slow"), "before");
    kvstore::pipeline batch(client);
    auto slow = batch.set("slow", "mine");
    auto quick = batch.get("slow");
    EXPECT_EQ(batch.run(), 1U);
    EXPECT_THROW(slow.get(), kvstore::timeout_error);
    EXPECT_EQ(quick.get(), "before");
}

TEST(ConnectionTest, TellsThatAPrivilegeIsMissing) {
    const plain_connection server;
    server.sql("DROP ROLE IF EXISTS kv_nobody; CREATE ROLE kv_nobody LOGIN");
    kvstore::client nobody("user=kv_nobody");
    EXPECT_TRUE(throws_just<kvstore::insufficient_privilege>([&] { nobody.set("k", "v"); }));
    server.sql("DROP ROLE kv_nobody");
}

TEST(ConnectionTest, AddsToTheServersOptions) {
    kvstore::client client(
        {.conninfo = "options='-c kvstore.fast_path=off'", .statement_timeout = 1min});
    EXPECT_NE(client.detour(), std::nullopt);
}

// As libpq finds them in the end, in a service too.
TEST(ConnectionTest, AddsToTheOptionsOfAService) {
    const std::string file = testing::TempDir() + "pg_service." + std::to_string(getpid());
    std::ofstream(file) << "[kvstore_test]\noptions=-c kvstore.fast_path=off\n";
    setenv("PGSERVICEFILE", file.c_str(), 1);           // NOLINT: one thread
    setenv("PGOPTIONS", "-c kvstore.fast_path=on", 1);  // NOLINT
    kvstore::client plain("service=kvstore_test");
    EXPECT_NE(plain.detour(), std::nullopt);
    kvstore::client client({.conninfo = "service=kvstore_test", .statement_timeout = 1min});
    EXPECT_NE(client.detour(), std::nullopt);
    std::filesystem::remove(file);
}

TEST(ConnectionTest, IsMadeInTheTimeThatTheMemberSays) {
    EXPECT_THROW(kvstore::client("connect_timeout=soon"), kvstore::connection_error);
    EXPECT_NO_THROW(kvstore::client({.conninfo = "connect_timeout=soon", .connect_timeout = 1min}));
}

TEST(ConnectionTest, MayTakeAnyTime) {
    constexpr auto longest = std::chrono::milliseconds::max();
    EXPECT_NO_THROW(kvstore::client({.connect_timeout = longest, .statement_timeout = longest}));
}

TEST(ConnectionTest, EndsNowhereWithinItsDescription) {
    EXPECT_THROW(kvstore::client(std::string("dbname=postgres\0 x", 18)), kvstore::error);
    EXPECT_THROW(kvstore::client({.schema = std::string("public\0x", 8)}), kvstore::error);
}

// A store whose trigger has something to say.
class NoticeTest : public testing::Test {
  protected:
    NoticeTest() {
        server.sql(
            "CREATE OR REPLACE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE WARNING 'about %', NEW.key; RETURN NEW; END$$");
        server.sql("DROP TABLE IF EXISTS noticed; SELECT kv_create_store('noticed')");
        server.sql(
            "CREATE TRIGGER say BEFORE INSERT ON noticed FOR EACH ROW EXECUTE FUNCTION say()");
    }

    // What setting the key writes to stderr.
    static std::string said_by(kvstore::client &client, const std::string &key) {
        testing::internal::CaptureStderr();
        client.open_store("noticed").set(key, "v");
        return testing::internal::GetCapturedStderr();
    }

    plain_connection server;
};

TEST_F(NoticeTest, AreDroppedUnlessAskedFor) {
    kvstore::client client;
    EXPECT_EQ(said_by(client, "dropped"), "");
}

TEST_F(NoticeTest, GoWhereTheApplicationSays) {
    std::string heard;
    kvstore::client client({.on_notice = [&](std::string_view notice) {
        heard += notice;
        throw std::runtime_error("is dropped");
    }});
    EXPECT_EQ(said_by(client, "heard"), "");
    EXPECT_NE(heard.find("WARNING:  about heard"), std::string::npos) << heard;
    kvstore::client moved(std::move(client));
    EXPECT_EQ(said_by(moved, "moved"), "");
    EXPECT_NE(heard.find("WARNING:  about moved"), std::string::npos) << heard;
}

// A database about which the server has something to say to everybody who connects.
TEST_F(NoticeTest, GoThereFromTheBeginning) {
    server.sql("DROP DATABASE IF EXISTS noticed");
    server.sql("CREATE DATABASE noticed TEMPLATE template0");
    server.sql("UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'noticed'");
    unsetenv("PGCONNECT_TIMEOUT");  // NOLINT: one thread
    std::string heard;
    testing::internal::CaptureStderr();
    kvstore::client("dbname=noticed").check();
    kvstore::client({.conninfo = "dbname=noticed",
                     .on_notice = [&](std::string_view notice) { heard += notice; }})
        .check();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_NE(heard.find("collation version"), std::string::npos) << heard;
    server.sql("DROP DATABASE noticed");
}

}  // namespace
