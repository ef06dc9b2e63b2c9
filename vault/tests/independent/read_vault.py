#!/usr/bin/env python3
"""Lists and restores what is in a Stillpoint vault, written from docs/format.md alone.

It shares no code with Stillpoint: what it can't restore, that page does not say. Every
checksum and MAC that it meets is checked; what is not as the page says is refused. Numbers
in brackets are the page's sections. The libraries it needs are in requirements.txt.
"""

import argparse
import json
import os
import struct
import sys
from pathlib import Path

from records import Records
from sealing import DESCRIPTOR, LOG_ENTRY, MANIFEST, Envelope, Keys, Refused, keyed, need

ZERO_ID = bytes(32)
FANOUT = 16


class Store:
    """The objects [1]: a file each, below a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def read(self, name, offset=0, length=-1):
        """Bytes of an object; an offset below zero counts from its end."""
        try:
            with open(self.folder / name, "rb") as file:
                file.seek(offset, os.SEEK_SET if offset >= 0 else os.SEEK_END)
                return file.read(length)
        except OSError as error:
            raise Refused(f"{name}: {error.strerror}") from error

    def names(self, below):
        files = (self.folder / below).rglob("*")
        names = (file.relative_to(self.folder).as_posix() for file in files if file.is_file())
        return sorted(name for name in names if "#" not in name)


class Vault:
    """The points of a vault and their disks."""

    def __init__(self, store, use_index, passphrase, key_file):
        self.store = store
        descriptor = Envelope(store, "vault", DESCRIPTOR)
        self.keys = Keys(store, descriptor.vault, passphrase, key_file)
        self.chunk_size = descriptor.body(self.keys)["chunkSize"]
        self.commits, segments = self.read_log()
        self.records = Records(store, self.keys, self.chunk_size, segments if use_index else None)

    def read_log(self):
        """The commits of all points, by point, and the segments that count [3]."""
        commits, segments, sessions, before = {}, {}, {}, bytes(32)
        for number, name in enumerate(self.store.names("log"), 1):
            need(name == f"log/{number:016x}", f"log/{number:016x}: missing")
            envelope = Envelope(self.store, name, LOG_ENTRY)
            entry = envelope.body(self.keys)
            need(entry["number"] == number, f"{name}: of another name")
            need(entry["prev"] == before.hex(), f"{name}: follows another entry")
            before, event = envelope.checksum, entry["event"]
            if event == "open":
                actor = (entry["machine"], entry["phase"])
                sessions = {s: a for s, a in sessions.items() if a != actor} | {number: actor}
            elif event == "remove":
                for point in entry["points"]:
                    commits.pop(point, None)
            else:
                need(event in ("commit", "collect", "close"), f"{name}: unknown event {event}")
                was_open = sessions.pop(entry["session"], None)
                need(was_open or event == "close", f"{name}: its session is not open")
            if event == "commit":
                mine = [c for c in commits.values() if c["machine"] == entry["machine"]]
                for attempt in (c for c in mine if c["state"] == "attempt"):
                    del commits[attempt["point"]]
                commits[entry["point"]] = entry
            for segment in entry.get("drop", []):
                del segments[segment["session"], segment["number"]]
            for segment in entry.get("segments", []) + entry.get("add", []):
                segments[segment["session"], segment["number"]] = True
        return commits, segments

    def chunks(self, identity, level, slot, count):
        """Slots and ids of the chunks below a node that are not zero [6]."""
        node = self.records.node(identity)
        bitmap = int.from_bytes(node[2:4], "little")
        need(node[:2] == bytes([level, 0]) and bitmap, f"node {identity.hex()}: level")
        need(len(node) == 4 + 32 * bitmap.bit_count(), f"node {identity.hex()}: length")
        at = 4
        for i in range(FANOUT):
            if bitmap >> i & 1:
                child, below, at = node[at : at + 32], FANOUT * slot + i, at + 32
                need(below * FANOUT**level < count, f"node {identity.hex()}: past the end")
                if level:
                    yield from self.chunks(child, level - 1, below, count)
                else:
                    yield below, child

    def manifest(self, point):
        """The clear and the sealed body of a point's manifest [3, 7]."""
        need(point in self.commits, f"{point}: no such point")
        commit = self.commits[point]
        name = f"points/{commit['session']:016x}/{point}"
        envelope = Envelope(self.store, name, MANIFEST)
        clear = envelope.body(self.keys)
        need(envelope.checksum.hex() == commit["manifest"], f"{name}: not what the log names")
        same = all(clear[member] == commit[member] for member in ("point", "machine", "state"))
        need(same, f"{name}: of another point")
        return clear, envelope.sealed_body(self.keys)

    def disk_names(self, clear, sealed):
        """The names of a point's disks, which the keyed hashes in the clear stand for [2, 7]."""
        body = json.loads(sealed)
        uuid, names = body["machine"]["uuid"], [disk["name"] for disk in body["disks"]]
        known = [clear["machine"], *(disk["key"] for disk in clear["disks"])]
        for text, key in zip([uuid, *(f"{uuid}/{name}" for name in names)], known, strict=True):
            made = keyed(self.keys.machine, text.encode())[:16]
            need(made.hex() == key, f"{clear['point']}: {text} is not what its key stands for")
        return names

    def restore(self, disk, file):
        size, root = disk["size"], bytes.fromhex(disk["root"])
        file.truncate(size)
        count, level = -(-size // self.chunk_size), 0
        while FANOUT ** (level + 1) < count:
            level += 1
        for slot, identity in self.chunks(root, level, 0, count) if root != ZERO_ID else ():
            at = slot * self.chunk_size
            chunk = self.records.chunk(identity)
            need(len(chunk) == self.chunk_size, f"chunk {identity.hex()}: length")
            need(not any(chunk[size - at :]), f"chunk {identity.hex()}: goes on past the end")
            file.seek(at)
            file.write(chunk[: size - at])


def main():
    parser = argparse.ArgumentParser(description="Reads a Stillpoint vault in a folder.")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--passphrase-file", type=Path, help="a file whose first line it is")
    key.add_argument("--key-file", type=Path)
    help_text = "find records by the packs' directories"
    parser.add_argument("--no-index", action="store_true", help=help_text)
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="print POINT CREATED STATE DISK SIZE NAME lines")
    listing.add_argument("store")
    restore = verbs.add_parser("restore", help="write a disk's image; DISK is its number or name")
    for argument in ("store", "point", "disk", "output"):
        restore.add_argument(argument)
    given = parser.parse_args()
    passphrase = given.passphrase_file and given.passphrase_file.read_bytes().split(b"\n")[0]
    key_file = given.key_file and given.key_file.read_text()
    vault = Vault(Store(given.store), not given.no_index, passphrase, key_file)
    if given.verb == "list":
        for point in vault.commits:
            clear, sealed = vault.manifest(point)
            names = vault.disk_names(clear, sealed)
            for number, (disk, name) in enumerate(zip(clear["disks"], names, strict=True)):
                print(point, clear["createdAt"], clear["state"], number, disk["size"], name)
        return
    clear, sealed = vault.manifest(given.point)
    number = given.disk
    if not number.isdecimal():
        number = vault.disk_names(clear, sealed).index(number)
    with open(given.output, "xb") as file:
        try:
            vault.restore(clear["disks"][int(number)], file)
        except BaseException:
            os.unlink(given.output)
            raise


if __name__ == "__main__":
    try:
        main()
    except (Refused, LookupError, ValueError, struct.error) as error:
        sys.exit(f"read_vault: refused: {error!r}")
