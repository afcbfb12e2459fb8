//! The kernel's calls for devices that no library wraps.

use std::os::fd::AsFd;

use rustix::ioctl::{IntegerSetter, NoArg, Opcode, ioctl, opcode};

/// Flush a block device's buffers and forget them (`BLKFLSBUF`, linux/fs.h).
const BLKFLSBUF: Opcode = opcode::none(0x12, 97);
/// Read a disk's partition table again (`BLKRRPART`).
const BLKRRPART: Opcode = opcode::none(0x12, 95);
/// Reseed the generator of random numbers from the kernel's pool (`RNDRESEEDCRNG`, linux/random.h).
const RNDRESEEDCRNG: Opcode = opcode::none(b'R', 7);
/// Credit the pool with bits of entropy (`RNDADDTOENTCNT`).
const RNDADDTOENTCNT: Opcode = opcode::write::<i32>(b'R', 1);

/// Writes back what is buffered of a block device, and forgets it.
pub fn flush_buffers(device: impl AsFd) -> rustix::io::Result<()> {
    // SAFETY: BLKFLSBUF takes no argument.
    unsafe { ioctl(device, NoArg::<BLKFLSBUF>::new()) }
}

/// Reads a disk's partition table again.
pub fn reread_partitions(device: impl AsFd) -> rustix::io::Result<()> {
    // SAFETY: BLKRRPART takes no argument.
    unsafe { ioctl(device, NoArg::<BLKRRPART>::new()) }
}

/// Has the generator of random numbers start anew from the pool, into which `bits` of entropy were written.
pub fn reseed(random: impl AsFd, bits: i32) -> rustix::io::Result<()> {
    // SAFETY: RNDADDTOENTCNT reads an int behind its argument, which lives until the call returns; RNDRESEEDCRNG takes none.
    unsafe {
        ioctl(&random, rustix::ioctl::Setter::<RNDADDTOENTCNT, i32>::new(bits))?;
        ioctl(&random, NoArg::<RNDRESEEDCRNG>::new())
    }
}

/// Frees what a block device holds in a range of bytes (`BLKDISCARD`).
pub fn discard(device: impl AsFd, start: u64, length: u64) -> rustix::io::Result<()> {
    const BLKDISCARD: Opcode = opcode::none(0x12, 119);
    // SAFETY: BLKDISCARD reads two u64 behind its argument, which live until the call returns.
    unsafe { ioctl(device, rustix::ioctl::Setter::<BLKDISCARD, [u64; 2]>::new([start, length])) }
}

/// Says how far a device reads ahead, in sectors of 512 bytes (`BLKRASET`).
pub fn set_read_ahead(device: impl AsFd, sectors: usize) -> rustix::io::Result<()> {
    const BLKRASET: Opcode = opcode::none(0x12, 98);
    // SAFETY: BLKRASET takes its argument by value.
    unsafe { ioctl(device, IntegerSetter::<BLKRASET>::new_usize(sectors)) }
}
