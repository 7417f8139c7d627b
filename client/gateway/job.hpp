// What a client waits for: a section of commands, or an EXEC, on its way to the server and back.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "event_loop.hpp"
#include "section.hpp"

namespace kvstore::gateway {

struct job {
    // All but the first are a transaction of their own: the commands of an EXEC, or one of a client
    // that watches, which is carried out whatever has become of the watched keys.
    // The last one cancels what a backend does for nobody.
    enum class kind : std::uint8_t { plain, exec, watched_exec, watching, cancel };

    section commands;
    kind what = kind::plain;
    bool was_alone = false;  // with the backend: nobody else wanted anything

    bool is_blocked = false;             // it waits for a row, or for the end of CLIENT PAUSE
    bool is_withdrawn = false;           // its client has gone
    int conflicts = 0;                   // serialization failures, since a command was answered
    std::chrono::milliseconds paused{};  // between the tries after them
    std::string process;                 // of the backend, if it cancels

    // Replies, as RESP has them, one after the other; where each ends, if somebody wants to know.
    std::string *replies = nullptr;
    std::vector<std::size_t> *ends = nullptr;
    std::size_t replied = 0;  // bytes of them since it was submitted

    // It is done, too, when so many replies are to be sent first; then commands are left.
    bool is_to_be_sent() const { return replied > (std::size_t{1} << 20); }

    // For what may take longer than its client stays.
    bool is_waiting() const { return is_blocked || paused.count() > 0; }
    void forget_conflicts() {
        conflicts = 0;
        paused = {};
    }

    bool is_exec() const { return what == kind::exec || what == kind::watched_exec; }

    // How it went, once it is done. An EXEC has either its replies or one of these.
    bool watched_changed = false;
    std::string error;  // with its prefix, of an EXEC

    event done;

    void reply(std::string_view bytes) {
        replies->append(bytes);
        replied += bytes.size();
        if (ends != nullptr)
            ends->push_back(replies->size());
    }
};

}  // namespace kvstore::gateway
