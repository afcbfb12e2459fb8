use std::process::Command;

use super::*;

fn sample() -> Tree {
    let mut tree = Tree::default();
    tree.add_file("/etc/hostname", 0o644, "guest\n").unwrap();
    tree.add_file("/empty", 0o600, "").unwrap();
    tree.add_link("/bin", "usr/bin").unwrap();
    // More names than one block holds, and more links than fit beside their inodes in one.
    for number in 0..1000 {
        tree.add_file(format!("/many/file-with-a-longer-name-{number}"), 0o644, number.to_string()).unwrap();
        tree.add_link(format!("/links/{number}"), "x".repeat(number % 300 + 1)).unwrap();
    }
    tree.add_file("/large", 0o755, vec![7; 3 * BLOCK as usize + 1]).unwrap();
    tree
}

#[test]
fn the_kernel_s_checker_accepts_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    write(&sample(), uuid::Uuid::nil(), file.as_file()).unwrap();
    assert_eq!(file.as_file().metadata().unwrap().len() % BLOCK, 0);
    let target = tempfile::tempdir().unwrap();
    let extracted = target.path().join("root");
    let checked =
        Command::new("fsck.erofs").arg(format!("--extract={}", extracted.display())).arg(file.path()).output();
    let Ok(checked) = checked else { return eprintln!("skipped: no fsck.erofs") };
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let read = |name: &str| std::fs::read(extracted.join(name)).unwrap();
    assert_eq!(read("etc/hostname"), b"guest\n");
    assert_eq!(read("empty"), b"");
    assert_eq!(read("large"), vec![7; 3 * BLOCK as usize + 1]);
    for number in 0..1000 {
        assert_eq!(read(&format!("many/file-with-a-longer-name-{number}")), number.to_string().as_bytes());
        let target = std::fs::read_link(extracted.join(format!("links/{number}"))).unwrap();
        assert_eq!(target.as_os_str().len(), number % 300 + 1);
    }
    assert_eq!(std::fs::read_link(extracted.join("bin")).unwrap().to_str(), Some("usr/bin"));
}
