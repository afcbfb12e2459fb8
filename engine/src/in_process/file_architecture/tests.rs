use std::io::Write;

use super::*;

fn elf(class: u8, data: u8, kind: u16, machine: u16) -> Vec<u8> {
    let mut header = vec![0x7f, b'E', b'L', b'F', class, data, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for field in [kind, machine] {
        header.extend_from_slice(&if data == 1 { field.to_le_bytes() } else { field.to_be_bytes() });
    }
    header.resize(64, 0);
    header
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn setup_header(version: u16, xloadflags: u16, payload: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 2048];
    image[0x1f1] = 1;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&version.to_le_bytes());
    image[0x236..0x238].copy_from_slice(&xloadflags.to_le_bytes());
    image[0x248..0x24c].copy_from_slice(&1024_u32.to_le_bytes());
    image[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    [&image, payload].concat()
}

fn of(bytes: Vec<u8>) -> Option<&'static str> {
    of_contents(&bytes).unwrap()
}

#[test]
fn class_and_byte_order_tell_variants_apart() {
    assert_eq!(of(elf(2, 1, 3, 62)), Some("x86_64"));
    assert_eq!(of(elf(2, 2, 2, 21)), Some("ppc64"));
    assert_eq!(of(elf(2, 1, 2, 21)), Some("ppc64le"));
    assert_eq!(of(elf(1, 2, 1, 22)), Some("s390"));
    assert_eq!(of(elf(2, 2, 1, 22)), Some("s390x"));
    assert_eq!(of(elf(1, 1, 2, 243)), Some("riscv32"));
    // A core dump, an unknown machine, a class and a byte order that don't exist.
    for none in [elf(2, 1, 4, 62), elf(2, 1, 2, 0xffff), elf(3, 1, 2, 62), elf(2, 0, 2, 62)] {
        assert_eq!(of(none), None);
    }
}

#[test]
fn a_kernel_of_x86_says_it_or_has_it_inside() {
    assert_eq!(of(setup_header(0x20f, 1, b"")), Some("x86_64"));
    assert_eq!(of(setup_header(0x20f, 0, b"")), Some("i386"));
    assert_eq!(of(setup_header(0x208, 0, &gzip(&elf(2, 1, 2, 62)))), Some("x86_64"));
    assert_eq!(of(setup_header(0x208, 0, &gzip(&elf(1, 1, 2, 3)))), Some("i386"));
    assert_eq!(of(setup_header(0x207, 0, &gzip(&elf(1, 1, 2, 3)))), None);
}

#[test]
fn what_is_compressed_twice_is_opened_once() {
    assert_eq!(of(gzip(&elf(2, 1, 1, 183))), Some("aarch64"));
    assert_eq!(of(gzip(&gzip(&elf(2, 1, 1, 183)))), None);
}

#[test]
fn damage_never_panics() {
    let files = [elf(2, 1, 3, 62), setup_header(0x208, 0, &gzip(&elf(2, 1, 2, 62))), gzip(&elf(2, 1, 2, 62))];
    for file in files {
        for length in 0..file.len() {
            let _ = of_contents(&file[..length].to_vec());
        }
        for at in 0..file.len() {
            for byte in [0, 0x7f, 0xff] {
                let mut damaged = file.clone();
                damaged[at] = byte;
                let _ = of_contents(&damaged);
            }
        }
    }
}
