//! Registry hives, each with a transaction log: the first two bytes of an input say how long the log behind them is.
#![no_main]

use glassbox_registry::Hive;
use libfuzzer_sys::fuzz_target;

/// Keys that a walk looks at.
const MAX_KEYS: usize = 500;

fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first_chunk() else { return };
    let (log, image) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
    let (mut image, mut log) = (image.to_vec(), log.to_vec());
    mend(&mut image);
    mend(&mut log);
    for tolerant in [false, true] {
        if let Ok(hive) = Hive::open(image.clone(), std::slice::from_ref(&log), tolerant) {
            walk(&hive);
        }
    }
});

/// Makes a base block's checksum right: a fuzzer would hardly ever find it.
fn mend(bytes: &mut [u8]) {
    if let Some(block) = bytes.first_chunk_mut::<512>() {
        let words = block[..508].chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
        let sum = words.fold(0, |sum, word| sum ^ word);
        block[508..].copy_from_slice(&sum.to_le_bytes());
    }
}

fn walk(hive: &Hive) {
    let mut waiting = vec![hive.root()];
    for _ in 0..MAX_KEYS {
        let Some(key) = waiting.pop() else { return };
        let _ = (hive.key_name(key), hive.parent(key));
        for value in hive.values(key).unwrap_or_default() {
            let _ = (hive.value_name(value), hive.data(value), hive.string(value), hive.dword(value));
        }
        waiting.extend(hive.subkeys(key).unwrap_or_default());
    }
}
