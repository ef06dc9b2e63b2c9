//! Objects that say anything: the crate's decoders under attack, from the objects of a real
//! vault, with limits of memory and time.

use base::VaultId;
use testkit::hostile::attack;
use vault::format::node::Node;
use vault::format::pack::{self, PackName};
use vault::fuzz::TARGETS;

use crate::support::*;

/// All objects of a small vault with two points of a disk, the second with a patch.
async fn vault_objects() -> (VaultId, Vec<Vec<u8>>) {
    let (folder, store) = local();
    let vault = make(store, 1).await;
    let old = [pattern(1, 3), noise(1, CHUNK)].concat();
    let mut new = old.clone();
    new[3 * CHUNK + 5000] ^= 1;
    let (_, disks, _) = backup(&vault, MACHINE, &[("vda", &old, None)])
        .await
        .unwrap();
    let base = Base {
        root: &disks[0],
        bytes: &old,
    };
    let part = ("vda", &new[..], Some(base));
    backup(&vault, MACHINE, &[part]).await.unwrap();
    let (mut found, mut folders) = (Vec::new(), vec![folder.path().to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().unwrap().map(|e| e.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(std::fs::read(&path).unwrap()),
            }
        }
    }
    // Small ones first.
    found.sort_by_key(|bytes| (bytes.len(), bytes.clone()));
    (vault.id(), found)
}

/// The sealed records of a pack.
fn records(vault: VaultId, bytes: &[u8]) -> Vec<Vec<u8>> {
    let n = bytes.len();
    let name = PackName {
        number: u32::from_le_bytes(bytes[12..16].try_into().unwrap()),
        session: u64::from_le_bytes(bytes[16..24].try_into().unwrap()),
    };
    let tail = pack::tail_len(&bytes[n - pack::TRAILER..], n as u64).unwrap();
    let tail = &bytes[n - usize::try_from(tail).unwrap()..];
    let directory = pack::read_directory(&bytes[..pack::HEADER], tail, name, vault, None).unwrap();
    let records = directory.records.iter().map(|(l, _)| {
        let at = l.offset as usize;
        bytes[at..at + l.len as usize].to_vec()
    });
    records.collect()
}

/// Inputs that get far into a target: for decoders of stored objects, those of its form.
fn valid(target: &str, vault: VaultId, objects: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let of = |magic: &[u8]| -> Vec<Vec<u8>> {
        let all = objects.iter().filter(|b| b.starts_with(magic));
        all.take(8).cloned().collect()
    };
    match target {
        // Without its checksum, too: the target puts the right one behind what it is given.
        "envelope" => {
            let all = of(b"STILLPNT");
            let cut = all.iter().map(|b| b[..b.len() - 32].to_vec());
            cut.chain(all.iter().cloned()).collect()
        }
        "json" => {
            let all = of(b"STILLPNT").into_iter();
            let clear = all.map(|b| {
                let len = u32::from_le_bytes(b[28..32].try_into().unwrap());
                b[36..36 + len as usize].to_vec()
            });
            clear.collect()
        }
        "record" => {
            let all = of(b"STILLPAK").into_iter();
            let mut all: Vec<_> = all.flat_map(|b| records(vault, &b)).collect();
            all.sort_by_key(Vec::len);
            all.dedup();
            let cut = all.iter().map(|b| b[..b.len() - 16].to_vec());
            let both: Vec<_> = cut.chain(all.iter().cloned()).collect();
            both.into_iter()
                .filter(|b| b.len() < 2000)
                .take(12)
                .collect()
        }
        "pack" => of(b"STILLPAK").into_iter().take(3).collect(),
        "segment" => of(b"STILLIDX").into_iter().take(3).collect(),
        "node" => {
            let (mut low, mut high) = (Node::empty(0), Node::empty(2));
            low.children[3].0 = [7; 32];
            high.children[0].0 = [1; 32];
            vec![low.to_bytes(), high.to_bytes()]
        }
        "patch" => vec![
            [&[0, 32, 2][..], &[5; 4096]].concat(),
            [&[0, 64, 3, 0], &noise(3, 8192)[..]].concat(),
        ],
        "keys" => objects
            .iter()
            .filter(|b| !b.starts_with(b"STILLP") && !b.starts_with(b"STILLIDX"))
            .take(4)
            .cloned()
            .collect(),
        _ => vec![b"{\"a\":[1]}".to_vec()],
    }
}

#[tokio::test]
async fn no_bytes_break_a_decoder_or_make_it_hold_much() {
    let (vault, objects) = vault_objects().await;
    for (name, target) in TARGETS {
        let valid = valid(name, vault, &objects);
        assert!(!valid.is_empty(), "no valid input for {name}");
        let count = attack(name, target, &valid, |run| {
            allocation_counter::measure(run).bytes_max
        });
        assert!(count > 100, "{name}: only {count} inputs");
        println!("{name}: {count} inputs");
    }
}
