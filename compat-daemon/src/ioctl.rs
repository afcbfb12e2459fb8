//! The kernel's calls for devices that no library wraps.

use std::os::fd::AsFd;

use rustix::ioctl::{Getter, IntegerSetter, NoArg, Opcode, Setter, Updater, ioctl, opcode};

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
        ioctl(&random, Setter::<RNDADDTOENTCNT, i32>::new(bits))?;
        ioctl(&random, NoArg::<RNDRESEEDCRNG>::new())
    }
}

/// Frees what a block device holds in a range of bytes (`BLKDISCARD`).
pub fn discard(device: impl AsFd, start: u64, length: u64) -> rustix::io::Result<()> {
    const BLKDISCARD: Opcode = opcode::none(0x12, 119);
    // SAFETY: BLKDISCARD reads two u64 behind its argument, which live until the call returns.
    unsafe { ioctl(device, Setter::<BLKDISCARD, [u64; 2]>::new([start, length])) }
}

/// Says how far a device reads ahead, in sectors of 512 bytes (`BLKRASET`).
pub fn set_read_ahead(device: impl AsFd, sectors: usize) -> rustix::io::Result<()> {
    const BLKRASET: Opcode = opcode::none(0x12, 98);
    // SAFETY: BLKRASET takes its argument by value.
    unsafe { ioctl(device, IntegerSetter::<BLKRASET>::new_usize(sectors)) }
}

/// Has the kernel refuse to write to a device, or not (`BLKROSET`).
pub fn set_read_only(device: impl AsFd, read_only: bool) -> rustix::io::Result<()> {
    const BLKROSET: Opcode = opcode::none(0x12, 93);
    // SAFETY: BLKROSET reads an int behind its argument, which lives until the call returns.
    unsafe { ioctl(device, Setter::<BLKROSET, i32>::new(read_only.into())) }
}

/// Whether the kernel refuses to write to a device (`BLKROGET`).
pub fn is_read_only(device: impl AsFd) -> rustix::io::Result<bool> {
    const BLKROGET: Opcode = opcode::none(0x12, 94);
    // SAFETY: BLKROGET writes an int behind its argument.
    let flag = unsafe { ioctl(device, Getter::<BLKROGET, i32>::new()) }?;
    Ok(flag != 0)
}

/// Bytes of a block, as the filesystem that is mounted set it (`BLKBSZGET`).
pub fn block_size(device: impl AsFd) -> rustix::io::Result<i32> {
    const BLKBSZGET: Opcode = opcode::read::<usize>(0x12, 112);
    // SAFETY: BLKBSZGET is numbered as if it wrote a size_t, but writes an int behind its argument.
    unsafe { ioctl(device, Getter::<BLKBSZGET, i32>::new()) }
}

/// Trims what is free of a mounted filesystem, in a range of bytes, where at least `minimum` bytes are free together
/// (`FITRIM`). The number of bytes trimmed.
pub fn trim(filesystem: impl AsFd, start: u64, length: u64, minimum: u64) -> rustix::io::Result<u64> {
    const FITRIM: Opcode = opcode::read_write::<[u64; 3]>(b'X', 121);
    let mut range = [start, length, minimum];
    // SAFETY: FITRIM reads and writes a struct fstrim_range behind its argument, which is three u64.
    unsafe { ioctl(filesystem, Updater::<FITRIM, [u64; 3]>::new(&mut range)) }?;
    Ok(range[1])
}

/// Bytes of a logical sector (`BLKSSZGET`).
pub fn sector_size(device: impl AsFd) -> rustix::io::Result<i32> {
    const BLKSSZGET: Opcode = opcode::none(0x12, 104);
    // SAFETY: BLKSSZGET writes an int behind its argument.
    unsafe { ioctl(device, Getter::<BLKSSZGET, i32>::new()) }
}

/// The generation of a file's inode (`FS_IOC_GETVERSION`, linux/fs.h).
pub fn generation(file: impl AsFd) -> rustix::io::Result<u32> {
    const FS_IOC_GETVERSION: Opcode = opcode::read::<std::ffi::c_long>(b'v', 1);
    // SAFETY: FS_IOC_GETVERSION is numbered as if it wrote a long, but writes an int behind its argument.
    unsafe { ioctl(file, Getter::<FS_IOC_GETVERSION, u32>::new()) }
}
