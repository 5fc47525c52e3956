"""The Kafka wire format from field tables, both directions, standard library only.

It shares nothing with the client's codec, so that a mistake made there cannot hide behind the same mistake made here.
A message is described by one line of text; the notation:

    name:type            a field; types i8 i16 i32 i64 bool uuid str bytes, `?` after the type = nullable
    name:type=default    what an absent field reads as, and what a tagged field is left out for
    name:type[]          an array of primitives
    name[] {...}         an array of structs; name[]? {...} nullable;  name {...} one struct
    ... v3+ | v3 | v3-5  the versions that carry the field
    ... TAG0             a tagged field (KIP-482), only in flexible versions

Requests and responses of clients and of brokers can be made and read: the tests play both parts.
"""

import re
import struct


class WireError(Exception):
    """Bytes that do not follow the table, or values that do not fit it."""


# key: (name, lowest version, highest version, first flexible version, request, response)
TABLES = {
    0: ("Produce", 3, 13, 9,
        "transactional_id:str?; acks:i16; timeout_ms:i32;"
        "topics[] {name:str v3-12; topic_id:uuid v13+; partitions[] {index:i32; records:bytes?}}",
        "topics[] {name:str v3-12; topic_id:uuid v13+; partitions[] {index:i32; error_code:i16; base_offset:i64=-1;"
        "  log_append_time_ms:i64=-1; log_start_offset:i64=-1 v5+;"
        "  record_errors[] v8+ {batch_index:i32; message:str?}; error_message:str? v8+;"
        "  current_leader v10+ TAG0 {leader_id:i32=-1; leader_epoch:i32=-1}}};"
        "throttle_time_ms:i32; node_endpoints[] v10+ TAG0 {node_id:i32; host:str; port:i32; rack:str?}"),
    3: ("Metadata", 0, 13, 9,
        "topics[]? {topic_id:uuid v10+; name:str?}; allow_auto_topic_creation:bool=1 v4+;"
        "include_cluster_authorized_operations:bool v8-10; include_topic_authorized_operations:bool v8+",
        "throttle_time_ms:i32 v3+; brokers[] {node_id:i32; host:str; port:i32; rack:str? v1+}; cluster_id:str? v2+;"
        "controller_id:i32=-1 v1+; topics[] {error_code:i16; name:str?; topic_id:uuid v10+; is_internal:bool v1+;"
        "  partitions[] {error_code:i16; index:i32; leader_id:i32; leader_epoch:i32=-1 v7+; replicas:i32[];"
        "    isr:i32[]; offline:i32[] v5+}; authorized_operations:i32=-2147483648 v8+};"
        "cluster_authorized_operations:i32=-2147483648 v8-10; error_code:i16 v13+"),
    10: ("FindCoordinator", 0, 6, 3,
         "key:str v0-3; key_type:i8 v1+; keys:str[] v4+",
         "throttle_time_ms:i32 v1+; error_code:i16 v0-3; error_message:str? v1-3; node_id:i32 v0-3; host:str v0-3;"
         "port:i32 v0-3;"
         "coordinators[] v4+ {key:str; node_id:i32; host:str; port:i32; error_code:i16; error_message:str?}"),
    18: ("ApiVersions", 0, 5, 3,
         "client_software_name:str v3+; client_software_version:str v3+; cluster_id:str? v5+; node_id:i32=-1 v5+",
         "error_code:i16; api_keys[] {api_key:i16; min_version:i16; max_version:i16}; throttle_time_ms:i32 v1+;"
         "supported_features[] v3+ TAG0 {name:str; min_version:i16; max_version:i16};"
         "finalized_features_epoch:i64=-1 v3+ TAG1;"
         "finalized_features[] v3+ TAG2 {name:str; max_version_level:i16; min_version_level:i16};"
         "zk_migration_ready:bool v3+ TAG3"),
    22: ("InitProducerId", 0, 5, 2,
         "transactional_id:str?; transaction_timeout_ms:i32; producer_id:i64=-1 v3+; producer_epoch:i16=-1 v3+",
         "throttle_time_ms:i32; error_code:i16; producer_id:i64=-1; producer_epoch:i16"),
    24: ("AddPartitionsToTxn", 0, 3, 3,
         "transactional_id:str; producer_id:i64; producer_epoch:i16; topics[] {name:str; partitions:i32[]}",
         "throttle_time_ms:i32; topics[] {name:str; partitions[] {index:i32; error_code:i16}}"),
    25: ("AddOffsetsToTxn", 0, 4, 3,
         "transactional_id:str; producer_id:i64; producer_epoch:i16; group_id:str",
         "throttle_time_ms:i32; error_code:i16"),
    26: ("EndTxn", 0, 5, 3,
         "transactional_id:str; producer_id:i64; producer_epoch:i16; committed:bool",
         "throttle_time_ms:i32; error_code:i16; producer_id:i64=-1 v5+; producer_epoch:i16=-1 v5+"),
    28: ("TxnOffsetCommit", 0, 6, 3,
         "transactional_id:str; group_id:str; producer_id:i64; producer_epoch:i16; generation:i32=-1 v3+;"
         "member_id:str v3+; group_instance_id:str? v3+; topics[] {name:str v0-5; topic_id:uuid v6+;"
         "  partitions[] {index:i32; offset:i64; leader_epoch:i32=-1 v2+; metadata:str?}}",
         "throttle_time_ms:i32; topics[] {name:str v0-5; topic_id:uuid v6+; partitions[] {index:i32; error_code:i16}}"),
    65: ("DescribeTransactions", 0, 0, 0,
         "transactional_ids:str[]",
         "throttle_time_ms:i32; transactions[] {error_code:i16; transactional_id:str; state:str; timeout_ms:i32;"
         "  start_time_ms:i64; producer_id:i64; producer_epoch:i16; topics[] {name:str; partitions:i32[]}}"),
}

API_NAME = {key: row[0] for key, row in TABLES.items()}
API_KEY = {row[0]: key for key, row in TABLES.items()}

UUID_ZERO = bytes(16)
_FIXED = {"i8": ">b", "i16": ">h", "i32": ">i", "i64": ">q", "bool": ">?"}
# 4.4 brokers refuse more than this in either direction
ARRAY_MAX = 1_000_000
TAGS_MAX = 10_000


class _Field:
    """One field of a table; `fields` for structs, `array` for arrays of either."""

    def __init__(self, name, kind, array, nullable, default, first, last, tag, fields):
        self.name, self.kind, self.array, self.nullable = name, kind, array, nullable
        self.first, self.last, self.tag, self.fields = first, last, tag, fields
        self.default = self._default(default)

    def _default(self, text):
        if text is not None:
            return int(text)
        if self.array:
            return None if self.nullable else []
        if self.kind in _FIXED:
            return 0
        if self.nullable or self.kind == "struct":
            return None
        return {"str": "", "bytes": b"", "uuid": UUID_ZERO}[self.kind]

    def at(self, version):
        return self.first <= version <= self.last


_TOKEN = re.compile(r"\s*([;{}]|[^\s;{}]+)")


def _parse(text):
    """Field list of a table line."""
    tokens, at = _TOKEN.findall(text), 0

    def fields(closing):
        nonlocal at
        out = []
        while at < len(tokens):
            if tokens[at] == closing:
                at += 1
                return out
            if tokens[at] == ";":
                at += 1
                continue
            out.append(field())
        if closing:
            raise ValueError("unbalanced table: " + text)
        return out

    def field():
        nonlocal at
        head, first, last, tag, inner = tokens[at], 0, 32767, None, None
        at += 1
        while at < len(tokens) and tokens[at] not in (";", "}"):
            token = tokens[at]
            at += 1
            if token == "{":
                inner = fields("}")
                break
            if token.startswith("TAG"):
                tag = int(token[3:])
            else:
                low, dash, high = token[1:].rstrip("+").partition("-")
                first = int(low)
                last = int(high) if dash else (32767 if token.endswith("+") else first)
        name, _, kind = head.partition(":")
        kind, equals, default = kind.partition("=")
        nullable = head.endswith("?") or kind.endswith("?")
        bare = (kind or name).rstrip("?")
        array = bare.endswith("[]")
        if inner is not None:
            return _Field(name.rstrip("?").replace("[]", ""), "struct", array, nullable, None, first, last, tag, inner)
        return _Field(name, bare.replace("[]", ""), array, nullable, default if equals else None, first, last, tag, None)

    return fields(None)


_PARSED = {key: (_parse(row[4]), _parse(row[5])) for key, row in TABLES.items()}


# ---- reading -----------------------------------------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if size < 0 or self.at + size > len(self.data):
            raise WireError("%d bytes wanted at %d of %d" % (size, self.at, len(self.data)))
        out = self.data[self.at:self.at + size]
        self.at += size
        return out

    def fixed(self, code):
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
            shift += 7
            if shift > 63:
                raise WireError("varint of more than ten bytes")
        return value

    def varint(self):
        value = self.uvarint()
        return (value >> 1) ^ -(value & 1)

    def done(self):
        return self.at == len(self.data)


def _read_size(reader, flexible, short):
    if flexible:
        return reader.uvarint() - 1
    return reader.fixed(">h" if short else ">i")


def _read_primitive(reader, kind, nullable, flexible):
    if kind in _FIXED:
        return reader.fixed(_FIXED[kind])
    if kind == "uuid":
        return bytes(reader.take(16))
    size = _read_size(reader, flexible, kind == "str")
    if size == -1:
        if not nullable:
            raise WireError("null where the schema has no null")
        return None
    data = bytes(reader.take(size))
    return data.decode("utf-8") if kind == "str" else data


def _read_value(reader, field, version, flexible):
    if not field.array:
        if field.kind == "struct":
            return _read_struct(reader, field.fields, version, flexible)
        return _read_primitive(reader, field.kind, field.nullable, flexible)
    count = _read_size(reader, flexible, False)
    if count == -1:
        if not field.nullable:
            raise WireError("null array " + field.name)
        return None
    if not 0 <= count <= min(ARRAY_MAX, len(reader.data)):
        raise WireError("array %s of %d elements" % (field.name, count))
    if field.kind == "struct":
        return [_read_struct(reader, field.fields, version, flexible) for _ in range(count)]
    return [_read_primitive(reader, field.kind, False, flexible) for _ in range(count)]


def _read_tags(reader, fields, version, out):
    known = {f.tag: f for f in fields if f.tag is not None and f.at(version)}
    count, previous = reader.uvarint(), -1
    if count > TAGS_MAX:
        raise WireError("%d tagged fields" % count)
    for _ in range(count):
        tag, size = reader.uvarint(), reader.uvarint()
        if tag <= previous:
            raise WireError("tags out of order")
        previous, payload = tag, Reader(reader.take(size))
        if tag in known:
            out[known[tag].name] = _read_value(payload, known[tag], version, True)
            if not payload.done():
                raise WireError("bytes left in tag %d" % tag)


def _read_struct(reader, fields, version, flexible):
    out = {}
    for field in fields:
        out[field.name] = field.default
        if field.tag is None and field.at(version):
            out[field.name] = _read_value(reader, field, version, flexible)
    if flexible:
        _read_tags(reader, fields, version, out)
    return out


# ---- writing -----------------------------------------------------------------------------------------------------


def uvarint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint(value):
    return uvarint((value << 1) ^ (value >> 63) if value < 0 else value << 1)


def _size(size, flexible, short):
    if flexible:
        return uvarint(size + 1)
    return struct.pack(">h" if short else ">i", size)


def _write_primitive(kind, value, flexible):
    if kind in _FIXED:
        return struct.pack(_FIXED[kind], value)
    if kind == "uuid":
        return value
    if value is None:
        return _size(-1, flexible, kind == "str")
    data = value.encode("utf-8") if kind == "str" else value
    return _size(len(data), flexible, kind == "str") + data


def _write_value(field, value, version, flexible):
    if not field.array:
        if field.kind == "struct":
            return _write_struct(field.fields, value, version, flexible)
        if value is None and not field.nullable:
            raise WireError("no value for " + field.name)
        return _write_primitive(field.kind, value, flexible)
    if value is None:
        return _size(-1, flexible, False)
    out = [_size(len(value), flexible, False)]
    for element in value:
        if field.kind == "struct":
            out.append(_write_struct(field.fields, element, version, flexible))
        else:
            out.append(_write_primitive(field.kind, element, flexible))
    return b"".join(out)


def _write_tags(fields, values, version):
    tagged = sorted((f.tag, f) for f in fields if f.tag is not None and f.at(version)
                    and values.get(f.name, f.default) != f.default)
    out = [uvarint(len(tagged))]
    for tag, field in tagged:
        payload = _write_value(field, values[field.name], version, True)
        out += [uvarint(tag), uvarint(len(payload)), payload]
    return b"".join(out)


def _write_struct(fields, values, version, flexible):
    unknown = set(values) - {f.name for f in fields}
    if unknown:
        raise WireError("no such field: %s" % ", ".join(sorted(unknown)))
    out = [_write_value(f, values.get(f.name, f.default), version, flexible)
           for f in fields if f.tag is None and f.at(version)]
    if flexible:
        out.append(_write_tags(fields, values, version))
    return b"".join(out)


# ---- messages ----------------------------------------------------------------------------------------------------


def is_flexible(key, version):
    return version >= TABLES[key][3]


def supports(key, version):
    return key in TABLES and TABLES[key][1] <= version <= TABLES[key][2]


def decode_header(frame):
    """(key, version, correlation, client id, reader at the body) of a request frame without its length."""
    reader = Reader(frame)
    key, version, correlation = reader.fixed(">h"), reader.fixed(">h"), reader.fixed(">i")
    # the client id keeps its two-byte length also in the flexible header
    client_id = _read_primitive(reader, "str", True, False)
    if key in TABLES and is_flexible(key, version):
        _read_tags(reader, [], version, {})
    return key, version, correlation, client_id, reader


def decode_request_body(key, version, reader):
    body = _read_struct(reader, _PARSED[key][0], version, is_flexible(key, version))
    if not reader.done():
        raise WireError("%d bytes after the body of %s %d" % (len(reader.data) - reader.at, API_NAME[key], version))
    return body


def frame(payload):
    return struct.pack(">i", len(payload)) + payload


def encode_request(key, version, correlation, body, client_id="peer"):
    header = struct.pack(">hhi", key, version, correlation) + _write_primitive("str", client_id, False)
    flexible = is_flexible(key, version)
    return frame(header + (b"\0" if flexible else b"") + _write_struct(_PARSED[key][0], body, version, flexible))


def encode_response(key, version, correlation, body):
    flexible = is_flexible(key, version)
    # KIP-511: the header of an ApiVersions answer never has tags, so that any client can read it
    header = struct.pack(">i", correlation) + (b"\0" if flexible and key != 18 else b"")
    return frame(header + _write_struct(_PARSED[key][1], body, version, flexible))


def decode_response(key, version, payload):
    """(correlation, body) of a response frame without its length."""
    reader = Reader(payload)
    correlation = reader.fixed(">i")
    flexible = is_flexible(key, version)
    if flexible and key != 18:
        _read_tags(reader, [], version, {})
    body = _read_struct(reader, _PARSED[key][1], version, flexible)
    if not reader.done():
        raise WireError("bytes left after the response")
    return correlation, body
