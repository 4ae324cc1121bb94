// The side of a Transfer that deals with connections: calling, greeting, extensions, hanging up.
#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "engine/transfer.h"
#include "wire/encoder.h"
#include "wire/extension.h"
#include "wire/handshake.h"

namespace shoal::engine {
namespace {

constexpr std::size_t most_peers = 80;
constexpr std::size_t most_calls_at_once = 16;
constexpr Duration call_patience = 10s;
/// Below this many peers a download asks its trackers for more.
constexpr std::size_t few_peers = 8;
/// How long a peer that has hung up is left alone. One that wants something of a seed calls itself.
constexpr Duration rest_of_a_download = 5s;
constexpr Duration rest_of_a_seed = 10min;
/// Addresses of peers that have left, kept for the day when they are found to have lied.
constexpr std::size_t most_addresses = 4096;
/// Requests that we keep of each peer, told to it (BEP 10, reqq): what 10 Gbit/s carry in 100 ms.
constexpr std::uint32_t request_queue = 8192;
/// Messages of one peer that are kept until the metadata is there.
constexpr std::size_t most_early_words = 10'000;
/// Bytes of a client's name that are kept.
constexpr std::size_t longest_client = 100;

bool says_something_early(const wire::Message& message) {
    return !std::holds_alternative<wire::KeepAlive>(message) &&
           !std::holds_alternative<wire::Request>(message) &&
           !std::holds_alternative<wire::Cancel>(message) &&
           !std::holds_alternative<wire::Ignored>(message);
}

}  // namespace

std::vector<PeerView> Transfer::peers() const {
    const TimePoint now = Clock::now();
    std::vector<PeerView> views;
    views.reserve(peers_.size());
    for (const auto& [key, peer] : peers_) {
        if (!peer->greeted) continue;
        PeerView view{.address = peer->listens_at,
                      .client = peer->client.empty() ? wire::client_of(peer->peer_id)
                                                     : printable(peer->client),
                      .outgoing = !peer->incoming()};
        if (torrent_ && torrent_->knows(key)) {
            const swarm::PeerStatus status = torrent_->status(key, now);
            view.down = status.down;
            view.up = status.up;
            view.downloaded = status.downloaded;
            view.uploaded = status.uploaded;
            const auto pieces = static_cast<double>(torrent_->pieces().size());
            view.progress = static_cast<double>(status.pieces) / pieces;
        }
        views.push_back(std::move(view));
    }
    return views;
}

void Transfer::connect_more(TimePoint now) {
    if (stopped_ || failed_) return;
    while (peers_.size() + connecting_.size() < most_peers &&
           connecting_.size() < most_calls_at_once) {
        const auto remote = known_.next(now);
        if (!remote) break;
        connect(*remote);
    }
    if (!finished() && peers_.size() < few_peers) announcer_->need_peers();
}

void Transfer::connect(const net::TcpEndpoint& remote) {
    const auto answer = [this, remote](Result<std::unique_ptr<net::Stream>> stream) {
        // The connector must not be destroyed by its own callback.
        boost::asio::post(session_.executor(),
                          while_alive([this, remote] { connecting_.erase(remote); }));
        if (!stream) return known_.failed(remote, Clock::now());
        const auto peer =
            std::make_shared<PeerConnection>(std::move(*stream), false, session_.limiters());
        peer->limit(limiters_);
        peer->key = swarm::PeerKey(next_key_++);
        addresses_[peer->key] = remote;
        peers_[peer->key] = peer;
        wire::Handshake handshake{.fast = true, .extended = true};
        handshake.info_hash = options_.info_hash;
        handshake.peer_id = session_.peer_id();
        peer->send(Bytes(handshake.encode()));
        peer->start(*this);
        peer->flush();
    };
    session_.wake(*this);
    connecting_.emplace(remote, net::TcpConnector(session_.executor(), remote,
                                                  session_.options().from, call_patience, answer));
}

void Transfer::adopt(const std::shared_ptr<PeerConnection>& peer,
                     const wire::Handshake& handshake) {
    peer->set_handler(*this);
    peer->limit(limiters_);
    // Also of one that is turned away: its end must not be taken for another's.
    peer->key = swarm::PeerKey(next_key_++);
    if (peers_.size() >= most_peers) return peer->close("too many peers");
    if (known_.is_banned(peer->remote())) return peer->close("banned");
    if (takes_from_named_alone()) return peer->close("others than this peer were asked for");
    addresses_[peer->key] = peer->remote();
    peers_[peer->key] = peer;
    session_.wake(*this);
    wire::Handshake answer{.fast = true, .extended = true};
    answer.info_hash = handshake.info_hash;
    answer.peer_id = session_.peer_id();
    peer->send(Bytes(answer.encode()));
    greet(*peer, handshake);
}

void Transfer::on_handshake(PeerConnection& peer, const wire::Handshake& handshake) {
    if (handshake.info_hash != options_.info_hash) return peer.close("speaks of another torrent");
    greet(peer, handshake);
}

void Transfer::greet(PeerConnection& peer, const wire::Handshake& handshake) {
    peer.greeted = true;
    peer.fast = handshake.fast;
    peer.extended = handshake.extended;
    peer.peer_id = handshake.peer_id;
    if (handshake.peer_id == session_.peer_id()) {
        known_.ban(peer.remote());
        return peer.close("that is ourselves");
    }
    if (!keep_this_one(peer)) return peer.close("connected already");
    if (peer.extended) send_extension_handshake(peer);
    if (torrent_) introduce(peer);
    settle();
    if (!peer.closed()) peer.flush();
}

bool Transfer::keep_this_one(PeerConnection& peer) {
    // When two peers call each other at the same time, both keep the call of the lower peer id.
    const auto twin = std::ranges::find_if(peers_, [&](const auto& entry) {
        return entry.second.get() != &peer && entry.second->greeted &&
               entry.second->peer_id == peer.peer_id;
    });
    if (twin == peers_.end()) return true;
    const bool ours_is_kept = session_.peer_id() < peer.peer_id;
    const bool this_is_ours = !peer.incoming();
    const bool both_alike = twin->second->incoming() == peer.incoming();
    if (both_alike || this_is_ours != ours_is_kept) return false;
    const auto other = twin->second;
    other->close("connected twice");
    return true;
}

void Transfer::send_message(PeerConnection& peer, const wire::Message& message) {
    ByteVector bytes;
    wire::encode(message, bytes);
    peer.send(bytes);
}

void Transfer::send_extension_handshake(PeerConnection& peer) {
    wire::ExtensionHandshake handshake;
    handshake.metadata_id = wire::local_extension::metadata;
    handshake.upload_only_id = wire::local_extension::upload_only;
    if (content_) {
        handshake.metadata_size = static_cast<std::uint32_t>(content_->info->encoded().size());
    }
    handshake.listen_port = session_.port();
    handshake.request_queue = request_queue;
    handshake.upload_only = finished();
    handshake.client = "shoal " + std::string(version);
    const std::string payload = handshake.encode();
    send_message(peer, wire::Extended{wire::local_extension::handshake, bytes_of(payload)});
}

void Transfer::on_message(PeerConnection& peer, const wire::Message& message) {
    if (const auto* extended = std::get_if<wire::Extended>(&message)) {
        return on_extended(peer, *extended);
    }
    if (torrent_ && torrent_->knows(peer.key)) {
        if (const auto ok = torrent_->receive(peer.key, message, Clock::now()); !ok) {
            peer.dropped = true;
            peer.close(ok.error().message);
        }
        return;
    }
    if (!says_something_early(message)) return;
    EarlyWords& words = early_[peer.key];
    if (words.messages.size() >= most_early_words) return peer.close("says too much");
    words.messages.push_back(message);
    if (const auto* bits = std::get_if<wire::BitfieldMessage>(&message)) {
        words.bitfield.assign(bits->bits.begin(), bits->bits.end());
    }
}

void Transfer::introduce(PeerConnection& peer) {
    torrent_->add_peer(peer.key, {.fast = peer.fast}, Clock::now());
    if (peer.request_queue) torrent_->set_request_limit(peer.key, *peer.request_queue);
    if (peer.upload_only) torrent_->set_upload_only(peer.key, true);
}

void Transfer::replay(PeerConnection& peer) {
    const auto found = early_.find(peer.key);
    if (found == early_.end()) return;
    for (auto& message : found->second.messages) {
        if (auto* bits = std::get_if<wire::BitfieldMessage>(&message)) {
            bits->bits = found->second.bitfield;
        }
        if (const auto ok = torrent_->receive(peer.key, message, Clock::now()); !ok) {
            return peer.close(ok.error().message);
        }
    }
}

void Transfer::on_extended(PeerConnection& peer, const wire::Extended& message) {
    switch (message.id) {
        case wire::local_extension::handshake:
            return on_extension_handshake(peer, message.payload);
        case wire::local_extension::upload_only:
            if (torrent_ && torrent_->knows(peer.key) && !message.payload.empty()) {
                torrent_->set_upload_only(peer.key, message.payload[0] != std::byte{0});
            }
            return;
        case wire::local_extension::metadata: {
            const auto parsed = wire::MetadataMessage::parse(message.payload);
            if (!parsed) return peer.close(parsed.error().message);
            return on_metadata_message(peer, *parsed);
        }
        default:
            return;
    }
}

void Transfer::on_extension_handshake(PeerConnection& peer, Bytes payload) {
    const auto handshake = wire::ExtensionHandshake::parse(payload);
    if (!handshake) return peer.close(handshake.error().message);
    peer.metadata_id = handshake->metadata_id;
    peer.upload_only_id = handshake->upload_only_id;
    peer.request_queue = handshake->request_queue;
    peer.upload_only = handshake->upload_only;
    peer.client = handshake->client.substr(0, longest_client);
    if (torrent_ && torrent_->knows(peer.key)) {
        torrent_->set_request_limit(peer.key, *peer.request_queue);
        torrent_->set_upload_only(peer.key, peer.upload_only);
    }
    if (peer.incoming() && handshake->listen_port.value_or(0) != 0) {
        // Where it can be called back, should this connection break.
        peer.listens_at = {peer.remote().address(), *handshake->listen_port};
        addresses_[peer.key] = peer.listens_at;
        known_.add(peer.listens_at);
        known_.connected(peer.listens_at);
    }
    if (fetch_ && peer.metadata_id != 0 && handshake->metadata_size) {
        if (!fetch_->add_peer(peer.key, *handshake->metadata_size)) {
            return peer.close("metadata of an absurd size");
        }
        ask_for_metadata();
    }
}

void Transfer::on_metadata_message(PeerConnection& peer, const wire::MetadataMessage& message) {
    using Type = wire::MetadataMessage::Type;
    if (message.type == Type::request) {
        if (peer.metadata_id == 0) return;
        const Bytes info = content_ ? content_->info->encoded() : Bytes{};
        const std::string answer = swarm::metadata_answer(info, message.piece).encode();
        send_message(peer, wire::Extended{peer.metadata_id, bytes_of(answer)});
        return peer.flush();
    }
    if (!fetch_) return;
    if (message.type == Type::reject) {
        fetch_->on_reject(peer.key);
    } else if (fetch_->on_data(peer.key, message)) {
        known_.punish(peer.listens_at);
        return peer.close("false metadata");
    }
    if (fetch_->result()) {
        ByteVector info = *fetch_->result();
        fetch_.reset();
        boost::asio::post(session_.executor(),
                          while_alive([this, info = std::move(info)]() mutable {
                              callbacks_.on_metadata(std::move(info));
                          }));
        return;
    }
    ask_for_metadata();
}

void Transfer::ask_for_metadata() {
    for (const auto& ask : fetch_->next(Clock::now())) {
        const auto found = peers_.find(ask.peer);
        if (found == peers_.end()) continue;
        const auto peer = found->second;
        const std::string request =
            wire::MetadataMessage{.type = wire::MetadataMessage::Type::request, .piece = ask.piece}
                .encode();
        send_message(*peer, wire::Extended{peer->metadata_id, bytes_of(request)});
        peer->flush();
    }
}

void Transfer::on_closed(PeerConnection& peer, const std::string& reason) {
    const TimePoint now = Clock::now();
    spdlog::debug("{} is gone: {}", net::to_text(peer.remote()), printable(reason));
    // A seed has nobody to call back soon, and least of all another seed.
    if (peer.greeted && !peer.dropped) {
        known_.ended(peer.listens_at, now + (finished() ? rest_of_a_seed : rest_of_a_download));
    } else {
        known_.failed(peer.listens_at, now);
    }
    if (fetch_) fetch_->remove_peer(peer.key);
    early_.erase(peer.key);
    const auto self = peer.shared_from_this();
    peers_.erase(peer.key);
    // The oldest that have left are forgotten first.
    for (auto it = addresses_.begin();
         addresses_.size() > most_addresses && it != addresses_.end();) {
        it = peers_.contains(it->first) ? std::next(it) : addresses_.erase(it);
    }
    if (torrent_ && torrent_->knows(peer.key)) torrent_->remove_peer(peer.key, now);
    if (!stopped_) settle();
}

}  // namespace shoal::engine
