// What the server has answered to a batch, given to those who wait for it.
#pragma once

#include <string>
#include <string_view>

#include "backend.hpp"
#include "job.hpp"

namespace kvstore::gateway {

// Takes the replies of the next section. What it did not answer is left.
redis::section_status read_section(redis::replies_reader &from, job &to);
redis::section_status read_section(const answer &from, job &to);  // of the only one

// An error of PostgreSQL's, with the prefix that clients of Redis know: "NOPERM permission denied
// ..".
std::string redis_error(std::string_view sqlstate, std::string_view message);

// Answers all that is left with an error.
void fail(job &what, const std::string &error);

// The errors of a connection: before anything was sent, and afterwards.
std::string no_connection(const std::string &why);
std::string may_be_done(const std::string &why);

}  // namespace kvstore::gateway
