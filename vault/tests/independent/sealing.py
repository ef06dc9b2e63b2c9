"""Hashes, keys and envelopes: sections 2, 3 and 8 of docs/format.md."""

import json
from struct import unpack
from uuid import UUID

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from zstandard import ZstdDecompressor, ZstdError

DESCRIPTOR, LOG_ENTRY, MANIFEST = 1, 2, 3  # kinds of envelopes


class Refused(Exception):
    """Damaged, forged, missing, or not of this format."""


def need(condition, what):
    if not condition:
        raise Refused(what)


def keyed(key, *parts):
    return blake3(b"".join(parts), key=key).digest()


def derive(context, key):
    return blake3(key, derive_key_context=context).digest()


def checksum(*parts):
    return blake3(b"".join(parts)).digest()


def unzstd(frame, what):
    try:
        stream = ZstdDecompressor().decompressobj()
        plain = stream.decompress(frame)
    except ZstdError as error:
        raise Refused(f"{what}: {error}") from error
    need(stream.eof and not stream.unused_data, f"{what}: not one zstd frame")
    return plain


class Keys:
    """The vault's keys, out of its key object [8]."""

    def __init__(self, store, vault, passphrase, key_file):
        self.vault = vault
        names = [n for n in store.names("keys") if n.startswith(f"keys/{UUID(bytes=vault)}-")]
        need(names, "no key object of this vault")
        name = max(names)
        line, _, check = store.read(name).partition(b"\n")
        need(check == checksum(line, b"\n").hex().encode() + b"\n", f"{name}: checksum")
        found = json.loads(line)
        need((found["kind"], found["version"]) == ("stillpoint-vault-keys", 1), f"{name}: version")
        need(found["vaultId"] == str(UUID(bytes=vault)), f"{name}: of another vault")
        need(found["number"] == int(name[-8:], 16), f"{name}: of another name")
        opened = (self.unlock(slot, passphrase, key_file) for slot in found["slots"])
        vault_key = next(filter(None, opened), None)
        need(vault_key, f"{name}: no slot opens with this")
        mac_key = derive("stillpoint v1 vault key: key object mac", vault_key)
        mac = keyed(mac_key, line.rpartition(b',"mac":')[0], b"}")
        need(mac.hex() == found["mac"], f"{name}: MAC")
        id_key = aes_key_unwrap(vault_key, bytes.fromhex(found["idKey"]))
        self.chunk, self.node, self.auth, self.machine = (
            derive(f"stillpoint v1 id key: {use}", id_key)
            for use in ("chunk id", "node id", "auth", "machine id")
        )
        self.data = {}
        for entry in found["dataKeys"]:
            key = aes_key_unwrap(vault_key, bytes.fromhex(entry["key"]))
            uses = (f"stillpoint v1 data key: record {use}" for use in ("key", "nonce"))
            self.data[entry["number"]] = [derive(use, key) for use in uses]

    @staticmethod
    def unlock(slot, passphrase, key_file):
        """The vault key, if the slot opens."""
        opener = slot["openedBy"]
        if opener["kind"] == "passphrase" and passphrase is not None:
            cost, salt = opener["cost"], bytes.fromhex(opener["salt"])
            lanes, memory, passes = cost["lanes"], cost["memoryKib"], cost["passes"]
            how = Argon2id(salt=salt, length=32, lanes=lanes, memory_cost=memory, iterations=passes)
            key = how.derive(passphrase)
        elif opener["kind"] == "keyFile" and key_file is not None:
            magic, digits = key_file.split()
            need(magic == "STILLPOINT-KEY-FILE-1", "no key file")
            key = bytes.fromhex(digits)
            fingerprint = derive("stillpoint v1 key file: fingerprint", key)[:8]
            if fingerprint.hex() != opener["fingerprint"]:
                return None
            key = derive("stillpoint v1 key file: slot key", key)
        else:
            return None
        try:
            return aes_key_unwrap(key, bytes.fromhex(slot["vaultKey"]))
        except InvalidUnwrap:
            return None

    def mac(self, *parts):
        return keyed(self.auth, *parts)

    def open(self, number, identity, nonce, sealed, associated, what):
        """What was sealed under a data key [2]."""
        need(number in self.data, f"{what}: sealed with the unknown data key {number}")
        key, nonce_key = self.data[number]
        try:
            payload = AESGCM(keyed(key, identity)).decrypt(nonce, sealed, associated)
        except InvalidTag:
            raise Refused(f"{what}: does not open") from None
        length = len(associated).to_bytes(8, "little")
        made = keyed(nonce_key, identity, length, associated, payload)[:12]
        need(nonce == made, f"{what}: nonce")
        return payload


class Envelope:
    """A small object [3]; its MAC is checked by `body`."""

    def __init__(self, store, name, kind):
        self.name, self.data = name, store.read(name)
        self.checksum = self.data[-32:]
        need(len(self.data) >= 100, f"{name}: length")
        need(self.checksum == checksum(self.data[:-32]), f"{name}: checksum")
        head = unpack("<8sBBH16sII", self.data[:36])
        magic, found, version, _, self.vault, clear, sealed = head
        need((magic, found) == (b"STILLPNT", kind), f"{name}: another object")
        need(version == 1, f"{name}: version {version}")
        self.end = 36 + clear
        need(self.end + sealed + 64 == len(self.data), f"{name}: length")

    def body(self, keys):
        need(self.vault == keys.vault, f"{self.name}: of another vault")
        need(self.data[-64:-32] == keys.mac(self.data[:-64]), f"{self.name}: MAC")
        return json.loads(self.data[36 : self.end])

    def sealed_body(self, keys):
        header, sealed = self.data[: self.end], self.data[self.end : -64]
        number, nonce = unpack("<I12s", sealed[:16])
        frame = keys.open(number, keys.mac(header), nonce, sealed[16:], header, self.name)
        return unzstd(frame, self.name)
