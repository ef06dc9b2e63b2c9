use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_host_key_file_is_private_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.key");
    let host = made().1.lend(&[1]).unwrap();
    host.write(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let read = HostKey::read(&path).unwrap();
    assert_eq!(*read.to_bytes(), *host.to_bytes());
    assert_eq!(
        (read.vault_id(), read.numbers()),
        (host.vault_id(), vec![1])
    );
}

#[test]
fn a_key_file_reads_back_with_or_without_its_line_feed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.key");
    let file = KeyFile::new(&SeededRandom::new(1));
    file.write(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("STILLPOINT-KEY-FILE-1 ") && text.ends_with('\n'));
    assert_eq!(*KeyFile::read(&path).unwrap().to_text(), text);
    fs::write(&path, text.trim_end()).unwrap();
    assert_eq!(*KeyFile::read(&path).unwrap().to_text(), text);
}

#[test]
fn a_key_that_group_or_others_can_read_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let (host, file) = (folder.path().join("h"), folder.path().join("k"));
    made().1.lend(&[1]).unwrap().write(&host).unwrap();
    KeyFile::new(&SeededRandom::new(1)).write(&file).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o601, 0o644] {
        for path in [&host, &file] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let errors = [
            HostKey::read(&host).unwrap_err(),
            KeyFile::read(&file).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), Code::FileAccessDenied, "{mode:o}");
            assert!(error.detail().contains("chmod 600 "), "{error}");
        }
    }
    fs::set_permissions(&host, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(HostKey::read(&host).is_ok());
}

#[test]
fn a_key_never_replaces_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("there");
    fs::write(&path, "mine").unwrap();
    let host = made().1.lend(&[1]).unwrap();
    assert_eq!(code(host.write(&path)), Code::TargetExists);
    let file = KeyFile::new(&SeededRandom::new(1));
    assert_eq!(code(file.write(&path)), Code::TargetExists);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn what_is_no_key_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k");
    assert_eq!(code(HostKey::read(&path)), Code::FileNotFound);
    assert_eq!(code(HostKey::read(folder.path())), Code::KeyFileDamaged);
    let write = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let short = "STILLPOINT-KEY-FILE-1 00".as_bytes();
    for bytes in [b"".as_slice(), b"\xff\xfe", short, &[b'x'; 3000]] {
        write(bytes);
        assert_eq!(code(KeyFile::read(&path)), Code::KeyFileDamaged);
        assert_eq!(code(HostKey::read(&path)), Code::KeyFileDamaged);
    }
    write(&vec![b'x'; (1 << 20) + 1]);
    assert_eq!(code(HostKey::read(&path)), Code::KeyFileDamaged);
}

#[test]
fn a_key_object_is_not_taken_for_a_host_key() {
    let (object, keys) = made();
    let error = HostKey::from_bytes(&object.to_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::KeyFileDamaged);
    let host = keys.lend(&[1]).unwrap();
    assert_eq!(
        code(KeyObject::from_bytes(&host.to_bytes())),
        Code::VaultDamaged
    );
}
