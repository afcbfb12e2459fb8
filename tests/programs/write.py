# What a program does to a disk that it makes: partitions, LVM, a filesystem, files. It looks at everything it did; one call
# fails on purpose.
import sys

import guestfs

g = guestfs.GuestFS(python_return_dict=True)
g.add_drive_opts(sys.argv[1], format="raw")
g.launch()
g.part_disk("/dev/sda", "mbr")
g.part_set_mbr_id("/dev/sda", 1, 0x8E)
g.pvcreate("/dev/sda1")
g.vgcreate("vg", ["/dev/sda1"])
g.lvcreate("lv", "vg", 64)
assert g.lvs() == ["/dev/vg/lv"], g.lvs()
g.mkfs("ext4", "/dev/vg/lv", label="written")
assert g.vfs_label("/dev/vg/lv") == "written"
g.mount("/dev/vg/lv", "/")
assert g.mountpoints() == {"/dev/vg/lv": "/"}, g.mountpoints()

g.mkdir_p("/a/b")
g.write("/a/b/file", b"bytes \xff\x00 and more")
assert g.read_file("/a/b/file") == b"bytes \xff\x00 and more"
g.write("/large", b"x" * (5 << 20))
assert g.filesize("/large") == 5 << 20
g.chmod(0o600, "/large")
assert g.statns("/large")["st_mode"] & 0o777 == 0o600
g.ln_s("b/file", "/a/link")
assert g.readlink("/a/link") == "b/file"
g.setxattr("user.test", "value", 5, "/large")
assert g.getxattr("/large", "user.test") == b"value"
try:
    g.rmdir("/a")
    raise SystemExit("a directory that isn't empty was removed")
except RuntimeError as error:
    assert "rmdir" in str(error), error

g.umount_all()
assert g.list_filesystems() == {"/dev/vg/lv": "ext4"}, g.list_filesystems()
g.shutdown()
g.close()

# Written, not only remembered: the parsers read it.
g = guestfs.GuestFS(python_return_dict=True)
g.add_drive_opts(sys.argv[1], format="raw", readonly=True)
g.set_backend("inprocess")
g.launch()
g.mount_ro("/dev/vg/lv", "/")
assert g.read_file("/a/b/file") == b"bytes \xff\x00 and more"
assert g.find("/") == ["a", "a/b", "a/b/file", "a/link", "large", "lost+found"], g.find("/")
g.close()
