#include "discovery/dns_message.h"

#include <algorithm>
#include <cassert>
#include <optional>

namespace shoal::discovery {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t header_size = 12;
constexpr std::size_t max_name = 255;
constexpr std::size_t max_label = 63;
constexpr std::uint16_t response_bit = 0x8000;
constexpr std::uint16_t authoritative_bit = 0x0400;
constexpr std::uint16_t operation_and_error = 0x780f;
constexpr std::uint16_t class_internet = 1;
constexpr std::uint16_t class_any = 255;
/// In a question: answer to me alone. In a record: its owner alone has such a record.
constexpr std::uint16_t class_flag = 0x8000;

/// Reads a message from front to back; after the first failure all reads give zeros.
class Reader {
  public:
    explicit Reader(Bytes message) : message_(message) {}

    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] bool at_end() const { return at_ == message_.size(); }

    Bytes bytes(std::size_t size) {
        if (!good_ || message_.size() - at_ < size) {
            good_ = false;
            return {};
        }
        at_ += size;
        return message_.subspan(at_ - size, size);
    }
    template <class Number>
    Number number() {
        const Bytes from = bytes(sizeof(Number));
        return good_ ? load_big_endian<Number>(from) : Number{0};
    }

    DnsName name() {
        DnsName name;
        std::size_t length = 1;
        std::optional<std::size_t> back;  // where to go on after the first pointer
        std::size_t begin = at_;          // of the part that is being read
        while (good_) {
            const auto size = number<std::uint8_t>();
            if (size == 0) break;
            if (size >= 0xc0) {
                const std::size_t target = (size & 0x3fu) << 8 | number<std::uint8_t>();
                // Each pointer leads further to the front, so there is an end to them.
                good_ = good_ && target >= header_size && target < begin;
                if (!back) back = at_;
                at_ = begin = target;
                continue;
            }
            length += 1 + std::size_t{size};
            good_ = good_ && size <= max_label && length <= max_name;
            name.emplace_back(text_of(bytes(size)));
        }
        if (back) at_ = *back;
        return name;
    }

    void fail() { good_ = false; }

  private:
    Bytes message_;
    std::size_t at_ = 0;
    bool good_ = true;
};

DnsText read_text(Bytes data, Reader& reader) {
    DnsText text;
    while (!data.empty()) {
        const auto size = std::to_integer<std::size_t>(data[0]);
        data = data.subspan(1);
        if (data.size() < size) {
            reader.fail();
            break;
        }
        if (size > 0) text.strings.emplace_back(text_of(data.first(size)));
        data = data.subspan(size);
    }
    return text;
}

template <class AddressType>
net::Address read_address(Bytes data, Reader& reader) {
    typename AddressType::bytes_type bytes{};
    if (data.size() != bytes.size()) {
        reader.fail();
        return {};
    }
    std::ranges::transform(data, bytes.begin(),
                           [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
    return AddressType(bytes);
}

/// Nothing for a record that is of no interest here.
std::optional<DnsRecord> read_record(Reader& reader) {
    DnsRecord record;
    record.name = reader.name();
    const auto type = static_cast<DnsType>(reader.number<std::uint16_t>());
    const auto class_bits = reader.number<std::uint16_t>();
    record.ttl = reader.number<std::uint32_t>();
    record.unique = (class_bits & class_flag) != 0;
    const auto size = reader.number<std::uint16_t>();
    const std::size_t end = reader.at() + size;
    const bool known = type == DnsType::ptr || type == DnsType::srv || type == DnsType::txt ||
                       type == DnsType::a || type == DnsType::aaaa;
    if (!known || (class_bits & ~class_flag) != class_internet) {
        reader.bytes(size);
        return std::nullopt;
    }
    if (type == DnsType::ptr) {
        record.data = DnsPointer{reader.name()};
    } else if (type == DnsType::srv) {
        reader.bytes(4);  // priority and weight
        const auto port = reader.number<std::uint16_t>();
        record.data = DnsService{port, reader.name()};
    } else if (const Bytes data = reader.bytes(size); type == DnsType::txt) {
        record.data = read_text(data, reader);
    } else {
        record.data = type == DnsType::a ? read_address<ip::address_v4>(data, reader)
                                         : read_address<ip::address_v6>(data, reader);
    }
    if (reader.at() != end) reader.fail();
    return record;
}

class Writer {
  public:
    template <class Number>
    void number(Number value) {
        bytes_.resize(bytes_.size() + sizeof value);
        store_big_endian(value, std::span(bytes_).last(sizeof value));
    }
    void text(std::string_view text) {
        assert(text.size() <= 255);
        number(static_cast<std::uint8_t>(text.size()));
        append(bytes_of(text));
    }
    void append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    void name(const DnsName& name) {
        for (const std::string& label : name) {
            assert(!label.empty() && label.size() <= max_label);
            text(label);
        }
        number(std::uint8_t{0});
    }

    void operator()(const DnsPointer& pointer) { name(pointer.target); }
    void operator()(const DnsService& service) {
        number(std::uint32_t{0});  // priority and weight
        number(service.port);
        name(service.target);
    }
    void operator()(const DnsText& strings) {
        for (const std::string& one : strings.strings) text(one);
        if (strings.strings.empty()) text("");  // the standard wants one at least
    }
    void operator()(const net::Address& address) {
        const auto add = [this](const auto& bytes) { append(std::as_bytes(std::span(bytes))); };
        address.is_v4() ? add(address.to_v4().to_bytes()) : add(address.to_v6().to_bytes());
    }

    void record(const DnsRecord& record) {
        name(record.name);
        number(static_cast<std::uint16_t>(type_of(record)));
        number(static_cast<std::uint16_t>(class_internet | (record.unique ? class_flag : 0)));
        number(record.ttl);
        number(std::uint16_t{0});
        const std::size_t begin = bytes_.size();
        std::visit(*this, record.data);
        const auto size = static_cast<std::uint16_t>(bytes_.size() - begin);
        store_big_endian(size, std::span(bytes_).subspan(begin - sizeof size));
    }

    ByteVector take() { return std::move(bytes_); }

  private:
    static DnsType type_of(const DnsRecord& record) {
        if (std::holds_alternative<DnsPointer>(record.data)) return DnsType::ptr;
        if (std::holds_alternative<DnsService>(record.data)) return DnsType::srv;
        if (std::holds_alternative<DnsText>(record.data)) return DnsType::txt;
        return std::get<net::Address>(record.data).is_v4() ? DnsType::a : DnsType::aaaa;
    }

    ByteVector bytes_;
};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

bool same_name(const DnsName& a, const DnsName& b) {
    return std::ranges::equal(a, b, [](const std::string& x, const std::string& y) {
        return std::ranges::equal(x, y, {}, lower, lower);
    });
}

Result<DnsMessage> parse_dns_message(Bytes bytes) {
    Reader reader(bytes);
    reader.number<std::uint16_t>();  // a number for the asker, without meaning in multicast
    const auto flags = reader.number<std::uint16_t>();
    const auto questions = reader.number<std::uint16_t>();
    const std::size_t answers = reader.number<std::uint16_t>();
    const std::size_t authorities = reader.number<std::uint16_t>();
    const std::size_t additionals = reader.number<std::uint16_t>();
    if (!reader.good()) return fail(ErrorCode::bad_data, "a DNS message is cut short");
    if ((flags & operation_and_error) != 0) {
        return fail(ErrorCode::unsupported, "a DNS message that is neither query nor answer");
    }
    if (questions > max_dns_questions || answers + authorities + additionals > max_dns_records) {
        return fail(ErrorCode::bad_data, "a DNS message with too many parts");
    }
    DnsMessage message;
    message.response = (flags & response_bit) != 0;
    for (int i = 0; i < questions && reader.good(); ++i) {
        DnsName name = reader.name();
        const auto type = static_cast<DnsType>(reader.number<std::uint16_t>());
        const int class_bits = reader.number<std::uint16_t>() & ~class_flag;
        if (class_bits != class_internet && class_bits != class_any) continue;
        message.questions.push_back({std::move(name), type});
    }
    for (std::size_t i = 0; i < answers + authorities + additionals && reader.good(); ++i) {
        auto record = read_record(reader);
        if (!record) continue;
        if (i < answers) message.answers.push_back(std::move(*record));
        if (i >= answers + authorities) message.additionals.push_back(std::move(*record));
    }
    if (!reader.good() || !reader.at_end()) {
        return fail(ErrorCode::bad_data, "a DNS message is damaged");
    }
    return message;
}

ByteVector encode_dns_message(const DnsMessage& message) {
    Writer writer;
    writer.number(std::uint16_t{0});
    writer.number(message.response ? static_cast<std::uint16_t>(response_bit | authoritative_bit)
                                   : std::uint16_t{0});
    writer.number(static_cast<std::uint16_t>(message.questions.size()));
    writer.number(static_cast<std::uint16_t>(message.answers.size()));
    writer.number(std::uint16_t{0});
    writer.number(static_cast<std::uint16_t>(message.additionals.size()));
    for (const DnsQuestion& question : message.questions) {
        writer.name(question.name);
        writer.number(static_cast<std::uint16_t>(question.type));
        writer.number(class_internet);
    }
    for (const DnsRecord& record : message.answers) writer.record(record);
    for (const DnsRecord& record : message.additionals) writer.record(record);
    return writer.take();
}

}  // namespace shoal::discovery
