"""Records and how they are found: sections 4, 5 and 6 of docs/format.md."""

import sys
from struct import calcsize, unpack, unpack_from

from sealing import Refused, checksum, keyed, need, unzstd

WHOLE, PATCH, NODE = 1, 2, 3  # kinds of records
BLOCK, FENCE = 4096, 256


class Records:
    """The records of a vault, by id."""

    def __init__(self, store, keys, chunk_size, segments):
        self.store, self.keys, self.chunk_size = store, keys, chunk_size
        self.packs = {}  # directories: pack -> offset -> (entry, checksum)
        self.places = {}  # id -> [(depth, pack, offset, entry)]
        for segment in segments or ():
            self.read_segment(*segment)
        if segments is None:
            for name in store.names("packs"):
                _, session, number = name.split("/")
                pack = (int(session, 16), int(number, 16))
                for offset, (entry, _) in self.directory(pack).items():
                    self.add_place(pack, offset, entry)

    def add_place(self, pack, offset, entry):
        self.places.setdefault(entry[0], []).append((entry[3], pack, offset, entry))

    def read_segment(self, session, number):
        """Adds the places that an index segment lists [6]."""
        name = f"index/{session:016x}/{number:08x}"
        data = self.store.read(name)
        need(len(data) >= 152 and data[:8] == b"STILLIDX", f"{name}: no index segment")
        head = unpack("<8sB3sIQ16sIIIIQII", data[:72])
        entries, parents, packs, fingerprints = head[6:10]
        at = 72
        parts = []
        fences = -(-entries // FENCE)
        for length in (52 * entries, 32 * parents, 12 * packs, 24 * fences, 2 * fingerprints):
            parts.append(data[at : at + length])
            at += length
        need(at + 80 == len(data), f"{name}: length")
        covered = (data[:72], *parts[2:])
        need(data[-32:] == checksum(*covered, data[-80:-32]), f"{name}: checksum")
        need(head[1] == 1, f"{name}: version {head[1]}")
        need(head[3:6] == (number, session, self.keys.vault), f"{name}: of another name")
        need(data[-64:-32] == self.keys.mac(*covered, data[-80:-64]), f"{name}: MAC")
        need(data[-80:-64] == checksum(parts[1])[:16], f"{name}: checksum of the parents")
        for i in range(0, entries, FENCE):
            block = parts[0][52 * i : 52 * (i + FENCE)]
            fence = parts[3][24 * i // FENCE :][:24]
            need(fence == block[:8] + checksum(block)[:16], f"{name}: checksum of entries from {i}")
        last = (b"", 0)
        for i in range(entries):
            entry = unpack_from("<32sIIIBBHI", parts[0], 52 * i)
            identity, pack, offset, length, kind, depth, key, parent = entry
            need(last <= (identity, depth), f"{name}: not sorted")
            last = (identity, depth)
            parent = None if parent == 2**32 - 1 else parts[1][32 * parent :][:32]
            pack = unpack_from("<QI", parts[2], 12 * pack)
            self.add_place(pack, offset, (identity, length, kind, depth, key, parent))

    def directory(self, pack):
        """The directory of a pack [5]: an entry and its record's checksum by offset."""
        if pack in self.packs:
            return self.packs[pack]
        name = f"packs/{pack[0]:016x}/{pack[1]:08x}"
        head, end = self.store.read(name, 0, 40), self.store.read(name, -72)
        need(len(head) == 40 and len(end) == 72 and head[:8] == b"STILLPAK", f"{name}: no pack")
        start, count = unpack("<II", end[:8])
        data = self.store.read(name, start)[:-72]
        need(end[40:] == checksum(head, data, end[:40]), f"{name}: checksum")
        _, version, _, _, number, session, vault = unpack("<8sBBHIQ16s", head)
        need(version == 1, f"{name}: version {version}")
        need((session, number, vault) == (*pack, self.keys.vault), f"{name}: of another name")
        need(end[8:40] == self.keys.mac(head, data, end[:8]), f"{name}: MAC")
        entries, at, record = {}, 0, 40
        form = "<32sIIBBH16s"
        for _ in range(count):
            identity, offset, length, kind, depth, key, check = unpack_from(form, data, at)
            at += calcsize(form)
            parent = None
            if kind == PATCH:
                parent, at = data[at : at + 32], at + 32
            need(offset == record, f"{name}: a gap before {offset}")
            record += length
            entries[offset] = ((identity, length, kind, depth, key, parent), check)
        need((at, record) == (len(data), start), f"{name}: length")
        self.packs[pack] = entries
        return entries

    def node(self, identity):
        return self.contents(identity, (NODE,))

    def chunk(self, identity, below=9):
        return self.contents(identity, (WHOLE, PATCH), below)

    def contents(self, identity, kinds, below=1):
        """What an id stands for [4], by the record of least depth that is good."""
        failure = Refused(f"{identity.hex()}: no record")
        places = sorted(self.places.get(identity, []), key=lambda place: place[0])
        for depth, pack, offset, entry in places:
            if entry[2] in kinds and depth < below:
                try:
                    return self.record(pack, offset, entry)
                except Refused as error:
                    print(f"read_vault: {error}", file=sys.stderr)
                    failure = error
        raise failure

    def record(self, pack, offset, entry):
        identity, length, kind, depth, key, parent = entry
        name = f"packs/{pack[0]:016x}/{pack[1]:08x}, record at {offset}"
        known, check = self.directory(pack).get(offset, (None, None))
        need(known == entry, f"{name}: index and directory differ")
        raw = self.store.read(name.split(",")[0], offset, length)
        need(raw[-16:] == check == checksum(raw[:-16])[:16], f"{name}: checksum")
        version, kind, encoding, depth, number, size, stored, of = unpack_from("<BBBBIII32s", raw)
        need(version == 1, f"{name}: version {version}")
        at = 80 if kind == PATCH else 48
        need((of, kind, depth) == (identity, entry[2], entry[3]), f"{name}: another record")
        need(key in (number, 65535), f"{name}: another data key")
        need(kind != PATCH or (raw[48:80] == parent and 1 <= depth <= 8), f"{name}: parent or depth")
        payload = raw[at:-16]
        if kind != NODE:
            nonce, payload = payload[:12], payload[12:]
            associated = b"stillpoint record" + self.keys.vault + raw[:at]
            need(len(payload) == stored, f"{name}: length")
            payload = self.keys.open(number, identity, nonce, payload, associated, name)
        need(kind != NODE or len(payload) == stored, f"{name}: length")
        need(encoding in (0, 1), f"{name}: encoding {encoding}")
        plain = unzstd(payload, name) if encoding else payload
        if kind == PATCH:
            plain = self.patched(parent, depth, plain, name)
        made = keyed(self.keys.node if kind == NODE else self.keys.chunk, plain)
        need(len(plain) == size and made == identity, f"{name}: contents")
        return plain

    def patched(self, parent, depth, patch, name):
        chunk = bytearray(self.chunk(parent, depth))
        blocks = self.chunk_size // BLOCK
        at = -(-blocks // 8)
        for i in range(blocks):
            if patch[i // 8] >> i % 8 & 1:
                chunk[i * BLOCK : (i + 1) * BLOCK] = patch[at : at + BLOCK]
                at += BLOCK
        need(at == len(patch), f"{name}: length of the patch")
        return bytes(chunk)
