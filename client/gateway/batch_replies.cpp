#include "batch_replies.hpp"

#include <algorithm>

#include "reply.hpp"

namespace kvstore::gateway {

using redis::section_status;

section_status read_section(redis::replies_reader &from, job &to) {
    if (from.has_section()) {
        redis::section_replies replies = from.next_section();
        const std::size_t answered = std::min<std::size_t>(replies.answered(), to.commands.left());
        for (std::size_t i = 0; i < answered; i++)
            to.reply(replies.next_reply());
        to.commands.answer(answered);
        to.watched_changed = replies.status() == section_status::watched_changed ||
                             replies.status() == section_status::complete_but_changed;
        const bool is_sensible =
            answered > 0 || to.commands.left() == 0 || replies.status() != section_status::complete;
        if (replies.ok() && is_sensible)
            return replies.status();
    }
    fail(to, "ERR the server's answer is not understood");
    return section_status::complete;
}

section_status read_section(const answer &from, job &to) {
    redis::replies_reader replies(from.rows.bytes());
    return read_section(replies, to);
}

std::string redis_error(std::string_view sqlstate, std::string_view message) {
    std::string_view prefix = "ERR ";
    if (sqlstate == "42501")
        prefix = "NOPERM ";
    else if (sqlstate == "25006")
        prefix = "READONLY ";
    else if (sqlstate.starts_with("53"))
        prefix = "OOM ";
    else if (sqlstate == "57P03" || sqlstate == "57P01")
        prefix = "LOADING ";
    return std::string(prefix).append(message);
}

void fail(job &what, const std::string &error) {
    if (what.is_exec()) {
        what.error = error;
    } else {
        std::string reply;
        reply_writer(reply, 2).error(error);
        for (std::size_t left = what.commands.left(); left > 0; left--)
            what.reply(reply);
    }
    what.commands.answer(what.commands.left());
}

std::string no_connection(const std::string &why) {
    return "ERR no connection to the server: " + why;
}

std::string may_be_done(const std::string &why) {
    return "ERR the connection to the server broke, and this may have been done: " + why;
}

}  // namespace kvstore::gateway
