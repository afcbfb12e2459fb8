# A GPT disk: ESP, ext4 root, NTFS, swap, squashfs, LUKS, an empty partition. Read-only throughout, so that nothing changes.
add-drive-ro guest.raw
run
is-config
is-ready
is-launching
get-state
launch
nr-devices
max-disks
list-devices
list-partitions
list-disk-labels
#= lines
list-filesystems
ping-daemon
echo-daemon "hello  there you"
echo-daemon ""
sleep 0
sync
drop-caches 3
device-index /dev/sda
device-index /dev/sdz
device-index /dev/sda1
is-whole-device /dev/sda
is-whole-device /dev/sda1
is-whole-device /dev/sdq
blockdev-getsize64 /dev/sda
blockdev-getsz /dev/sda
blockdev-getss /dev/sda
blockdev-getbsz /dev/sda
blockdev-getro /dev/sda
blockdev-getsize64 /dev/sda3
blockdev-getsz /dev/sda8
blockdev-getss /dev/sda3
#= differs: there it is the appliance's own disk
blockdev-getsize64 /dev/sdb
blockdev-getsize64 /dev/sda99
blockdev-getsize64 nonsense
blockdev-flushbufs /dev/sda
blockdev-rereadpt /dev/sda
blockdev-setra /dev/sda 1024
blockdev-getsize64 /dev/vda
blockdev-getsize64 /dev/hda3
part-get-parttype /dev/sda
#= only success
part-get-parttype /dev/sda1
part-get-parttype /dev/sda3
part-list /dev/sda
part-list /dev/sda2
part-list /dev/sdx
part-get-bootable /dev/sda 1
part-get-bootable /dev/sda 99
part-get-disk-guid /dev/sda
part-get-gpt-attributes /dev/sda 1
#= differs: sgdisk says 0800000000000001, of which libguestfs 1.48 keeps the lower half
part-get-gpt-attributes /dev/sda 3
part-get-gpt-attributes /dev/sda 0
part-get-gpt-guid /dev/sda 2
part-get-gpt-guid /dev/sda 9
part-get-gpt-type /dev/sda 2
part-get-gpt-type /dev/sda 50
#= differs: there the first digits of the type's GUID are taken for an MBR type
part-get-mbr-id /dev/sda 1
part-get-mbr-part-type /dev/sda 1
part-get-name /dev/sda 1
#= differs: parted, in the appliance's C locale, gives up on a name that is not ASCII
part-get-name /dev/sda 3
part-get-name /dev/sda 4
part-get-name /dev/sda -1
part-to-dev /dev/sda3
part-to-dev /dev/sda
part-to-dev /dev/sdb1
part-to-partnum /dev/sda3
part-to-partnum /dev/sda
part-to-partnum /dev/sdb1
vfs-type /dev/sda
vfs-type /dev/sda1
vfs-type /dev/sda2
vfs-type /dev/sda3
vfs-type /dev/sda4
vfs-type /dev/sda5
vfs-type /dev/sda6
vfs-type /dev/sda7
vfs-type /dev/sda8
vfs-type /dev/sda9
vfs-label /dev/sda2
vfs-label /dev/sda3
vfs-label /dev/sda4
vfs-label /dev/sda5
vfs-label /dev/sda6
vfs-label /dev/sda8
vfs-uuid /dev/sda2
vfs-uuid /dev/sda3
vfs-uuid /dev/sda4
vfs-uuid /dev/sda5
vfs-uuid /dev/sda7
vfs-uuid /dev/sda8
#= lines
blkid /dev/sda
# LABEL_FATBOOT, the label once more as the boot sector has it, is not told.
#= without LABEL_FATBOOT
blkid /dev/sda2
#= lines
blkid /dev/sda3
#= lines
blkid /dev/sda4
#= lines
blkid /dev/sda5
#= lines
blkid /dev/sda8
findfs-label guest-root
findfs-label ESP-LABEL
findfs-label nowhere
findfs-uuid 8f3b0000-0000-4000-8000-000000000001
findfs-uuid CAFE-0001
findfs-uuid 00000000-0000-0000-0000-000000000000
#= lines
tune2fs-l /dev/sda3
tune2fs-l /dev/sda2
get-e2label /dev/sda3
get-e2uuid /dev/sda3
get-e2label /dev/sda2
is-lv /dev/sda3
lvs
vgs
pvs
list-dm-devices
list-md-devices
#= differs: 9p went in 1.48, where the call fails; before and after that it answers with nothing, as we do
list-9p
is-zero-device /dev/sda8
is-zero-device /dev/sda3
checksum-device md5 /dev/sda5
checksum-device sha256 /dev/sda6
checksum-device nonsense /dev/sda5
pread-device /dev/sda 16 510
pread-device /dev/sda 8 512
pread-device /dev/sda 10 -1
pread-device /dev/sda 0 0
pread-device /dev/sda3 4 1080
file /dev/sda
file /dev/sda3
file /dev/sda4
file /dev/sda5
file /dev/sda6
file /dev/sda7
file /dev/sdz
download-offset /dev/sda sector1.bin 512 512
download-offset /dev/sda outside.bin 671088640 512
download-offset /dev/sda minus.bin -1 512
available ntfs
available "ntfs ldm"
available nonsense
feature-available ntfs
feature-available "ntfs nonsense"
filesystem-available ext4
filesystem-available nonsense
mounts
mountpoints
cat /etc/hostname
ls /
umount /
mount-ro /dev/sda8 /
mount-ro /dev/sda9 /
mount-ro /dev/sda3 relative
mount-ro /dev/sda3 /mnt
mount-ro /dev/sda5 /
#= differs: there mount(8) tries all types after one that it does not know
mount-vfs ro nonsense /dev/sda3 /
#= differs: there it is mounted already, by the call before
mount-ro /dev/sda3 /
mount-ro /dev/sda3 /
mounts
mountpoints
mount-ro /dev/sda2 /boot/efi
mount-ro /dev/sda4 /mnt
mounts
#= lines
mountpoints
mountable-device /dev/sda3
mountable-subvolume /dev/sda3
mountable-subvolume btrfsvol:/dev/sda3/sub
mountable-device btrfsvol:/dev/sda3/sub
ls /
ls /boot/efi
ls /mnt
ls /no/such
ls /etc/hostname
ls etc
ls /etc/../srv/../boot
ls /../../srv
ls0 /srv/tree tree.list0
#= root
ll /
ll /srv/tree
ll /srv/awkward/nodes
ll /srv/awkward/meta
ll /srv/awkward/links
ll /srv/awkward/xattr
ll /home/user/notes.txt
ll /no/such
llz /srv/tree
#= lines
find /srv/tree
find /no/such
find /etc/hostname
find0 /srv/awkward/names names.list0
find0 /etc etc.list0
find0 /no/such none.list0
#= structs
readdir /srv/tree
#= structs
readdir /srv/awkward/nodes
readdir /etc/hostname
readdir /no/such
cat /etc/hostname
cat /etc/fstab
cat /srv/tree/empty
cat /srv/tree/no-newline
cat /srv/tree/link
cat /srv/tree/sub/etc/hostname
cat /srv/awkward/links/absolute
cat /srv/awkward/links/loop-a
cat /srv/awkward/links/dangling
cat /srv
cat /no/such
cat etc/hostname
cat "/srv/awkward/names/a b"
cat "/srv/awkward/names/ünïcödé"
cat "/srv/awkward/names/new\nline"
cat "/srv/awkward/names/latin1-\xe4\xff\xfe"
cat /srv/awkward/nodes/fifo/x
cat /boot/efi/UPPER.TXT
cat /boot/efi/upper.txt
cat "/boot/efi/A long name with ünïcödé.txt"
cat /boot/efi/EFI/debian/grub.cfg
cat /mnt/Windows/System32/Hosts.TXT
cat /mnt/windows/system32/hosts.txt
read-file /srv/tree/binary
read-file /srv/tree
read-lines /srv/tree/lines
read-lines /srv/tree/no-newline
read-lines /srv/tree/dos
read-lines /srv/tree/empty
head /var/log/syslog
head-n 3 /var/log/syslog
head-n 0 /var/log/syslog
head-n -1997 /var/log/syslog
head /no/such
tail /var/log/syslog
tail-n 2 /var/log/syslog
tail-n +1999 /var/log/syslog
tail-n -2 /var/log/syslog
tail-n 0 /var/log/syslog
tail /srv/tree/no-newline
wc-l /var/log/syslog
wc-w /var/log/syslog
wc-c /var/log/syslog
wc-l /srv/tree/no-newline
wc-w /srv/tree/empty
wc-c /srv
wc-l /no/such
grep daemon /srv/tree/words
grep "event 19.8" /var/log/syslog
#= differs: there the pattern is taken as an option of grep
grep -x /srv/tree/words
grep al /srv/tree/words insensitive:true
grep a+b /srv/tree/words
grep a+b /srv/tree/words extended:true
grep [x] /srv/tree/words fixed:true
grep beta /srv/tree/words.gz compressed:true
grep "(" /srv/tree/words extended:true
grep "\\(" /srv/tree/words
grep x /no/such
grep x /srv
egrep "^(one|two)$" /srv/tree/lines
egrepi "ALPHA|BETA" /srv/tree/words
fgrep a+b /srv/tree/words
fgrepi A+B /srv/tree/words
grepi alpha /srv/tree/words
zgrep beta /srv/tree/words.gz
zgrepi BETA /srv/tree/words.gz
zegrep "a|b" /srv/tree/words.gz
zegrepi "A|B" /srv/tree/words.gz
zfgrep [x] /srv/tree/words.gz
zfgrepi [X] /srv/tree/words.gz
zgrep beta /srv/tree/words
grep beta /srv/tree/words compressed:true
grep text /srv/tree/binary
strings /srv/tree/binary
strings /srv/tree/lines
strings-e l /srv/tree/utf16
strings-e b /srv/tree/utf16
strings-e s /srv/tree/binary
strings-e x /srv/tree/binary
strings /no/such
hexdump /srv/tree/binary
hexdump /srv/tree/empty
hexdump /srv/tree/zeros
hexdump /srv/tree/lines
pread /srv/tree/lines 5 2
pread /srv/tree/lines 100 5
pread /srv/tree/lines 5 1000
pread /srv/tree/lines -1 0
pread /srv/tree/lines 0 0
pread /no/such 1 1
filesize /srv/tree/zeros
filesize /srv/tree/link
filesize /srv
filesize /no/such
exists /srv/tree/link
exists /srv/awkward/links/dangling
exists /no/such
exists /
is-file /srv/tree/link
is-file /srv/tree/link followsymlinks:true
is-file /srv
is-dir /srv
is-dir /srv/tree/sub/etc
is-dir /srv/tree/sub/etc followsymlinks:true
is-dir /no/such
is-symlink /srv/tree/link
is-symlink /srv/tree/lines
is-fifo /srv/awkward/nodes/fifo
is-chardev /srv/awkward/nodes/chr
is-blockdev /srv/awkward/nodes/blk
is-socket /srv/awkward/nodes/socket
is-socket /srv/awkward/nodes/fifo
is-blockdev /srv/awkward/nodes/chr followsymlinks:false
is-zero /srv/tree/zeros
is-zero /srv/tree/lines
is-zero /srv/tree/empty
is-zero /no/such
stat /srv/tree/lines
stat /srv/tree/link
stat /no/such
statns /srv/awkward/meta/t1960
statns /srv/awkward/meta/t2200
statns /srv/awkward/nodes/blk
statns /
#= without st_ino
statns /boot/efi/UPPER.TXT
statns /boot/efi
lstat /srv/tree/link
lstatns /srv/tree/link
lstatns /srv/awkward/meta/owner
lstatns /srv/awkward/sparse
lstatns /srv/awkward/xattr/acl-directory
lstatns /no/such
lstatlist /srv/tree "lines words absent link"
lstatnslist /srv/tree "lines words absent link"
lstatnslist /no/such "a b"
lstatnslist /srv/tree ""
statvfs /
statvfs /srv/tree
statvfs /boot/efi
statvfs /no/such
readlink /srv/tree/link
readlink /srv/awkward/links/slow800
readlink /srv/tree/lines
readlink /bin
readlink /no/such
readlinklist /srv/awkward/links "fast absolute hard0 nowhere"
realpath /srv/tree/sub/etc/../lines
realpath /bin/..
realpath /srv/tree/sub/etc/hostname
realpath /srv/awkward/links/loop-a
realpath /no/such
realpath /
case-sensitive-path /ETC/Hostname
case-sensitive-path /etc/hostname
case-sensitive-path /SRV/TREE/newfile
case-sensitive-path /no/such/at/all
case-sensitive-path /mnt/windows/SYSTEM32/hosts.txt
case-sensitive-path /boot/efi/efi/DEBIAN/grub.CFG
case-sensitive-path /
glob-expand /srv/tree/w*
glob-expand /srv/tree/*
glob-expand /srv/*
glob-expand /srv/* directoryslash:false
glob-expand /srv/tree/{lines,words}
glob-expand /srv/tree/[lw]*s
glob-expand /srv/awkward/*/s1000
glob-expand /no/such*
glob-expand /etc/hostname
equal /srv/tree/lines /srv/tree/lines-again
equal /srv/tree/lines /srv/tree/words
equal /srv/tree/lines /no/such
du /srv/tree
du /srv/awkward/sizes
du /srv/awkward/sparse
du /no/such
#= df
df
#= df
df-h
file /etc/hostname
file /srv/tree/binary
file /srv/tree/empty
file /srv/tree/link
file /srv/tree/words.gz
file /srv/tree/words.xz
file /srv/tree/words.bz2
file /srv/tree/words.zst
file /srv/tree/zeros
file /srv/tree/dos
file /srv/images/small.iso
file /srv/images/ext2.img
file /srv/images/etc.tar
file /srv/images/database.sqlite
file /srv/images/initrd.img
file /srv/awkward/nodes/chr
file /srv/awkward/nodes/fifo
file /srv
file /tmp
file /usr/share/zoneinfo/Europe/Berlin
file /usr/bin/apt-get
file /bin
file /no/such
file /bin/su
zfile gzip /srv/tree/words.gz
zfile compress /srv/tree/words.gz
zfile bzip2 /srv/tree/words.bz2
zfile bzip2 /srv/tree/words.gz
zfile gzip /srv/tree/dos
zfile gzip /no/such
zfile nonsense /srv/tree/words.gz
get-umask
umask 022
get-umask
umask -1
umask 0777
umask 01000
get-umask
umask 022
checksum crc /srv/tree/lines
checksum md5 /srv/tree/lines
checksum sha1 /srv/tree/lines
checksum sha224 /srv/tree/lines
checksum sha256 /srv/awkward/sparse
checksum sha384 /srv/tree/lines
checksum sha512 /srv/tree/empty
#= only success
checksum gost /srv/tree/lines
checksum nonsense /srv/tree/lines
checksum md5 /srv
checksum md5 /no/such
checksums-out sha256 /srv/tree tree.sums
checksums-out md5 /etc etc.sums
checksums-out crc /srv/awkward/sizes sizes.sums
checksums-out sha1 /srv/awkward/names names.sums
checksums-out sha1 /no/such none.sums
checksums-out nonsense /srv/tree bad.sums
download /etc/fstab fstab
download /srv/awkward/fragmented fragmented
download /srv bad.download
download /no/such none.download
download /etc/fstab /no/such/dir/file
download-offset /var/log/syslog part.download 1000 5000
download-offset /var/log/syslog beyond.download 100000000 10
base64-out /srv/tree/binary binary.base64
base64-out /srv/awkward/sizes/s4097 s4097.base64
compress-out gzip /srv/tree/lines lines.gz
compress-out xz /srv/tree/lines lines.xz
compress-out bzip2 /srv/tree/lines lines.bz2
compress-out zstd /srv/tree/lines lines.zst
compress-out gzip /srv/tree/lines lines9.gz level:9
compress-out nonsense /srv/tree/lines lines.nonsense
compress-out gzip /no/such none.gz
compress-device-out gzip /dev/sda5 swap.gz
compress-device-out gzip /srv/tree/lines wrong.gz
tar-out /srv/tree tree.tar
tar-out /srv/awkward/xattr xattr.tar xattrs:true acls:true selinux:true
tar-out /srv/awkward/meta meta.tar numericowner:true
tar-out /srv/awkward/nodes nodes.tar
tar-out /srv/awkward/links links.tar
tar-out /srv/awkward/names names.tar
tar-out /srv/awkward/deep deep.tar
tar-out /srv/tree excluded.tar "excludes:words* sub"
tar-out /srv/tree tree.tar.gz compress:gzip
tar-out /srv/tree tree.tar.xz compress:xz
tar-out /srv/tree tree.tar.bz2 compress:bzip2
tar-out /srv/tree nonsense.tar compress:nonsense
tar-out /etc etc.tar
tar-out /boot/efi efi.tar
tar-out /no/such none.tar
tar-out /etc/hostname file.tar
tgz-out /srv/tree tree.tgz
txz-out /srv/tree tree.txz
cpio-out /srv/tree tree.cpio
cpio-out /srv/tree tree-crc.cpio format:crc
cpio-out /srv/tree tree-bad.cpio format:nonsense
cpio-out /no/such none.cpio
copy-out /srv/tree .
copy-out /etc/hostname .
copy-out /no/such .
copy-out /srv/tree /no/such/dir
getxattrs /srv/awkward/xattr/small
#= structs
getxattrs /srv/awkward/xattr/many
getxattrs /srv/tree/lines
getxattrs /no/such
lgetxattrs /srv/awkward/xattr/capability
lgetxattrs /srv/tree/link
getxattr /srv/awkward/xattr/small user.small
getxattr /srv/awkward/xattr/small user.empty
getxattr /srv/awkward/xattr/small user.absent
getxattr /srv/awkward/xattr/huge user.huge
lgetxattr /srv/awkward/xattr/small user.middle
getxattr /no/such user.x
getxattr /mnt/Windows/System32/Hosts.TXT user.stream
lxattrlist /srv/awkward/xattr "small capability absent"
acl-get-file /srv/awkward/xattr/acl access
acl-get-file /srv/awkward/xattr/acl-directory access
acl-get-file /srv/awkward/xattr/acl-directory default
acl-get-file /srv/tree/lines access
acl-get-file /srv/tree/lines nonsense
acl-get-file /no/such access
cap-get-file /srv/awkward/xattr/capability
cap-get-file /srv/tree/lines
cap-get-file /no/such
get-e2attrs /srv/awkward/xattr/immutable
get-e2attrs /srv/tree/lines
get-e2attrs /srv/awkward
get-e2attrs /no/such
get-e2generation /srv/tree/lines
get-e2generation /no/such
initrd-list /srv/images/initrd.img
initrd-cat /srv/images/initrd.img lines
initrd-cat /srv/images/initrd.img absent
initrd-list /srv/tree/lines
initrd-list /no/such
isoinfo /srv/images/small.iso
isoinfo /srv/tree/lines
isoinfo-device /dev/sda3
mount-loop /srv/images/ext2.img /media
ls /media
cat /media/words
mounts
umount /media
#= differs: reading ISO 9660 needs the appliance
mount-loop /srv/images/small.iso /media
#= differs: as above
ls /media
#= differs: as above
umount /media
mount-loop /srv/tree/lines /media
mount-loop /no/such /media
umount /no/such
umount /srv
umount /dev/sda8
umount /dev/sda4
umount /
umount /boot/efi
mounts
umount /
mkmountpoint /mp
ls /
mkmountpoint /mp
mkmountpoint /mp2
mount-ro /dev/sda3 /mp
mount-options ro,noatime /dev/sda2 /mp2
mount-options nonsense_option /dev/sda3 /mp/mnt
cat /mp/etc/hostname
ls /mp2
cat /mp/srv/tree/sub/etc/hostname
mounts
#= lines
mountpoints
remount / rw:false
remount /mp rw:false
rmmountpoint /mp
umount-all
mounts
rmmountpoint /mp
rmmountpoint /mp2
rmmountpoint /absent
mount-ro /dev/sda2 /
ls /
ls /EFI
#= lines
find /
#= without " .."
#= root
ll /
statns /
statvfs /
cat /EFI/DEBIAN/GRUB.CFG
tar-out / esp.tar
checksums-out sha256 / esp.sums
#= df
df
umount /
mount-ro /dev/sda4 /
ls /
#= lines
find /Windows
ll /Windows/System32
#= without " .."
#= root
ll /
statns /Windows/System32/Hosts.TXT
statvfs /
cat /Windows/System32/Hosts.TXT
cat /windows/system32/hosts.txt
case-sensitive-path /WINDOWS/system32/HOSTS.txt
getxattrs /Windows/System32/Hosts.TXT
checksums-out sha256 / ntfs.sums
tar-out /Users ntfs-users.tar
tar-out / ntfs.tar
du /Users
umount /
umount-all
shutdown
is-config
is-ready
cat /etc/hostname
