"""What a program in Python asks: every kind of argument and of answer, errors, events. Prints what it gets."""
import guestfs
import os
import sys

# Times that the oracle's mount changes, and a number that depends on the order in which its kernel finds the disks.
UNSTABLE = ("st_atime_sec", "st_atime_nsec", "st_dev", "fsid")


def show(name, answer):
    print("%s: %r" % (name, stable(answer)))


def stable(answer):
    if isinstance(answer, dict):
        return {key: value for key, value in sorted(answer.items()) if key not in UNSTABLE}
    return [stable(part) for part in answer] if isinstance(answer, list) else answer


def ask(name, *arguments, **optional):
    try:
        show(name, getattr(g, name)(*arguments, **optional))
    except RuntimeError as error:
        print("%s: fails with errno %r" % (name, g.last_errno() if hasattr(g, "last_errno") else None))
        print("libguestfs: error: %s" % error, file=sys.stderr)


g = guestfs.GuestFS(python_return_dict=True)
seen = []
g.set_event_callback(lambda event, handle, buf, array: seen.append((event, buf)),
                     guestfs.EVENT_ENTER | guestfs.EVENT_LAUNCH_DONE)
ask("get_autosync")
ask("get_memsize")
ask("get_program")
ask("set_program", "calls")
ask("get_program")
ask("set_identifier", "identified")
ask("get_identifier")
ask("get_append")
ask("is_config")
ask("ls", "/")
ask("add_drive", "absent.raw")
ask("add_drive_opts", "guest.raw", readonly=True, format="raw", label="guest")
ask("add_drive_ro", "lvm-a.raw")
ask("add_drive_ro", "lvm-b.raw")
ask("add_drive", "tiny.qcow2", readonly=1)
ask("launch")
ask("is_ready")
ask("add_drive_ro", "empty.raw")
ask("list_devices")
ask("list_partitions")
ask("list_filesystems")
ask("list_disk_labels")
ask("lvs")
ask("lvs_full")
ask("vgs")
ask("pvs")
ask("part_list", "/dev/sda")
ask("part_get_name", "/dev/sda", 3)
ask("part_get_bootable", "/dev/sda", 1)
ask("blockdev_getsize64", "/dev/sda")
ask("vfs_type", "/dev/sda4")
ask("vfs_label", "/dev/sda3")
ask("blkid", "/dev/sda3")
ask("canonical_device_name", "/dev/vda1")
ask("mount_ro", "/dev/absent", "/")
ask("cat", "/etc/hostname")
ask("mount_ro", "/dev/sda3", "/")
ask("mount_ro", "/dev/sda2", "/boot/efi")
ask("mountpoints")
ask("cat", "/etc/hostname")
ask("cat", "/absent")
ask("cat", "/etc")
ask("cat", "not/absolute")
ask("read_file", "/srv/tree/binary")
ask("read_lines", "/etc/fstab")
ask("ls", "/srv/tree")
ask("find", "/srv/tree")
ask("statns", "/srv/tree/words")
ask("lstatnslist", "/srv/tree", ["lines", "link", "absent"])
ask("readlinklist", "/srv/tree", ["lines", "link"])
ask("readdir", "/srv/tree/sub")
ask("statvfs", "/")
ask("lgetxattrs", "/srv/tree/lines")
ask("is_file", "/srv/tree/link")
ask("is_file", "/srv/tree/link", followsymlinks=True)
ask("exists", "/absent")
ask("filesize", "/srv/tree/words")
ask("pread", "/srv/tree/words", 5, 6)
ask("checksum", "sha256", "/srv/tree/words")
ask("grep", "a", "/srv/tree/words", insensitive=True)
ask("grep_opts", "a", "/srv/tree/words", extended=True)
ask("glob_expand", "/srv/tree/w*")
ask("head_n", 2, "/etc/fstab")
ask("download", "/srv/tree/words", "downloaded")
ask("tar_out", "/srv/tree/sub", "sub.tar", excludes=["words*"])
ask("checksums_out", "md5", "/srv/tree", "sums")
ask("disk_format", "tiny.qcow2")
ask("disk_virtual_size", "tiny.qcow2")
for name in os.listdir(b"."):
    if name.startswith(b"down"):
        print(name, os.path.getsize(name))
ask("umount_all")
ask("shutdown")
g.close()
try:
    g.ls("/")
except guestfs.ClosedHandle as error:
    print("closed:", error)
print("events:", seen)
