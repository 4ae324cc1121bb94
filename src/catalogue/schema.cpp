#include "catalogue/schema.h"

namespace shoal::catalogue {
namespace {

const SchemaStep accounts = {
    R"(CREATE TABLE users (
        id {id},
        name {text} NOT NULL,
        folded {text} NOT NULL UNIQUE,
        password {text} NOT NULL,
        role {text} NOT NULL,
        disabled BIGINT NOT NULL DEFAULT 0,
        passkey_generation BIGINT NOT NULL DEFAULT 1,
        created BIGINT NOT NULL))",
    R"(CREATE TABLE sessions (
        id {id},
        user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        token_hash {text} NOT NULL UNIQUE,
        label {text} NOT NULL,
        created BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        last_used BIGINT NOT NULL))",
    "CREATE INDEX sessions_by_user ON sessions(user_id)",
    R"(CREATE TABLE invitations (
        id {id},
        label {text} NOT NULL,
        uses BIGINT NOT NULL,
        used BIGINT NOT NULL DEFAULT 0,
        expires BIGINT NOT NULL,
        revoked BIGINT NOT NULL DEFAULT 0,
        created_by BIGINT NOT NULL,
        created BIGINT NOT NULL))",
};

const SchemaStep files = {
    R"(CREATE TABLE peers (
        id {id},
        user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        daemon {text} NOT NULL,
        address {text} NOT NULL,
        port BIGINT NOT NULL,
        created BIGINT NOT NULL,
        last_seen BIGINT NOT NULL,
        UNIQUE (user_id, daemon)))",
    "CREATE INDEX peers_by_address ON peers(address, port)",
    R"(CREATE TABLE torrents (
        id {id},
        hash_v1 {text} NOT NULL,
        hash_v2 {text} NOT NULL,
        info_hash {text} NOT NULL UNIQUE,
        name {text} NOT NULL,
        size BIGINT NOT NULL,
        piece_length BIGINT NOT NULL,
        pieces BIGINT NOT NULL,
        private BIGINT NOT NULL,
        created BIGINT NOT NULL))",
    "CREATE INDEX torrents_by_hash_v1 ON torrents(hash_v1)",
    "CREATE INDEX torrents_by_hash_v2 ON torrents(hash_v2)",
    // Apart from the rest, because it is large and seldom wanted.
    R"(CREATE TABLE torrent_contents (
        torrent_id BIGINT NOT NULL PRIMARY KEY REFERENCES torrents(id) ON DELETE CASCADE,
        info {text} NOT NULL,
        layers {text} NOT NULL))",
    R"(CREATE TABLE publications (
        id {id},
        peer_id BIGINT NOT NULL REFERENCES peers(id) ON DELETE CASCADE,
        torrent_id BIGINT NOT NULL REFERENCES torrents(id),
        name {text} NOT NULL,
        folded {text} NOT NULL,
        path {text} NOT NULL,
        version BIGINT NOT NULL,
        created BIGINT NOT NULL,
        UNIQUE (peer_id, name),
        UNIQUE (peer_id, path)))",
    "CREATE INDEX publications_by_name ON publications(name)",
    "CREATE INDEX publications_by_folded ON publications(folded, id)",
    "CREATE INDEX publications_by_torrent ON publications(torrent_id)",
};

const SchemaStep settings = {
    "CREATE TABLE settings (name {text} NOT NULL UNIQUE, value {text} NOT NULL)",
};

const std::vector<SchemaStep> steps = {accounts, files, settings};

}  // namespace

std::span<const SchemaStep> schema() {
    return steps;
}

}  // namespace shoal::catalogue
