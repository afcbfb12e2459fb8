//! A small hive with every structure that is read, for tests.

use crate::base_block;

/// A hive under construction: one bin, and what goes into the base block.
pub(crate) struct Sample {
    bin: Vec<u8>,
}

impl Sample {
    pub fn new() -> Self {
        let mut bin = vec![0; 32];
        bin[..4].copy_from_slice(b"hbin");
        Sample { bin }
    }

    /// Adds a cell; returns the reference to it.
    pub fn cell(&mut self, contents: &[u8]) -> u32 {
        let reference = self.bin.len() as u32;
        let size = (4 + contents.len()).next_multiple_of(8);
        self.bin.extend_from_slice(&(-(size as i32)).to_le_bytes());
        self.bin.extend_from_slice(contents);
        self.bin.resize(reference as usize + size, 0);
        reference
    }

    /// Adds a key.
    pub fn key(&mut self, name: &[u8], compressed: bool, subkeys: (u32, u32), values: &[u32]) -> u32 {
        let list = self.cell(&words(values));
        let mut record = vec![0; 76];
        record[..2].copy_from_slice(b"nk");
        record[2] = if compressed { 0x20 } else { 0 };
        record[20..24].copy_from_slice(&subkeys.0.to_le_bytes());
        record[28..32].copy_from_slice(&subkeys.1.to_le_bytes());
        record[36..40].copy_from_slice(&(values.len() as u32).to_le_bytes());
        record[40..44].copy_from_slice(&list.to_le_bytes());
        record[72..74].copy_from_slice(&(name.len() as u16).to_le_bytes());
        record.extend_from_slice(name);
        self.cell(&record)
    }

    /// Adds a list of references, with four bytes of a hint each if it is a leaf with hints.
    pub fn list(&mut self, signature: &[u8; 2], references: &[u32]) -> u32 {
        let mut record = signature.to_vec();
        record.extend_from_slice(&(references.len() as u16).to_le_bytes());
        for reference in references {
            record.extend_from_slice(&reference.to_le_bytes());
            if matches!(signature, b"lf" | b"lh") {
                record.extend_from_slice(b"hint");
            }
        }
        self.cell(&record)
    }

    /// Adds a value whose data are where `field` says.
    pub fn value_at(&mut self, name: &str, value_type: u32, length: u32, field: [u8; 4]) -> u32 {
        let mut record = b"vk".to_vec();
        record.extend_from_slice(&(name.len() as u16).to_le_bytes());
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(&field);
        record.extend_from_slice(&value_type.to_le_bytes());
        record.extend_from_slice(&[1, 0, 0, 0]);
        record.extend_from_slice(name.as_bytes());
        self.cell(&record)
    }

    /// Adds a value with its data in a cell.
    pub fn value(&mut self, name: &str, value_type: u32, data: &[u8]) -> u32 {
        let cell = self.cell(data);
        self.value_at(name, value_type, data.len() as u32, cell.to_le_bytes())
    }

    /// The hive: bins that are whole pages, and a base block that is clean.
    pub fn finish(mut self, root: u32) -> Vec<u8> {
        let used = self.bin.len();
        let size = (used + 8).next_multiple_of(4096);
        self.bin.extend_from_slice(&((size - used) as u32).to_le_bytes());
        self.bin.resize(size, 0);
        self.bin[8..12].copy_from_slice(&(size as u32).to_le_bytes());
        let mut image = vec![0; base_block::SIZE];
        image[..4].copy_from_slice(b"regf");
        image[12..20].copy_from_slice(&7_u64.to_le_bytes());
        image[20] = 1;
        image[24] = 5;
        image[36..40].copy_from_slice(&root.to_le_bytes());
        image.append(&mut self.bin);
        base_block::finish(&mut image, 1, size as u32).unwrap();
        image
    }
}

/// The bytes of little-endian words.
pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A root with three subkeys, in lists of lists, and five values.
pub(crate) fn sample() -> Vec<u8> {
    let mut hive = Sample::new();
    let wide: Vec<u8> = "Zweiter Schlüssel 日本".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let one = hive.key(b"caf\xe9", true, (0, 0), &[]);
    let two = hive.key(&wide, false, (0, 0), &[]);
    let three = hive.key(b"Third", true, (0, 0), &[]);
    let leaves = [hive.list(b"li", &[one]), hive.list(b"lf", &[two]), hive.list(b"lh", &[three])];
    let index = hive.list(b"ri", &leaves);
    let text: Vec<u8> = "Grüße\0alt".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let segments: Vec<u32> = [b'a', b'b', b'c'].map(|byte| hive.cell(&[vec![byte; 16344], vec![0; 4]].concat())).into();
    let segments = hive.cell(&words(&segments));
    let big = hive.cell(&[&b"db\x03\0"[..], &segments.to_le_bytes()].concat());
    let values = [
        hive.value_at("", 4, 4 | 1 << 31, 0x1234_5678_u32.to_le_bytes()),
        hive.value("Text", 1, &text),
        hive.value_at("Big", 3, 40000, big.to_le_bytes()),
        hive.value_at("Short", 3, 2 | 1 << 31, *b"xyz\0"),
        hive.value("Order", 5, &[0, 0, 1, 2]),
    ];
    let root = hive.key(b"Root", true, (3, index), &values);
    hive.finish(root)
}
