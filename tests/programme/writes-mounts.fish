# Mounts and their options, and programs that run in the guest.
mke2fs /dev/sda2 fstype:ext2
mkfs ext4 /dev/sda4
mount-options noatime,ro /dev/sda1 /
write /file "not allowed"
mkdir /directory
rm /hello
chmod 0600 /hello
upload filled.bin /file
remount / rw:true
write /file "allowed now"
remount / rw:false
write /file "not any more"
remount /
remount /absent rw:true
remount /deep rw:true
umount /
mount-options nonsense /dev/sda1 /
mount-options "" /dev/sda1 /
mkdir /mnt
mount /dev/sda2 /mnt
mounts
mountpoints
mount /dev/sda2 /mnt
mount /dev/sda9 /mnt
mount /dev/sda4 /absent
mount /dev/sda4 /hello
mount /dev/sda3 /mnt
mount relative /
mount-vfs "" ext4 /dev/sda4 /deep
mount-vfs "" vfat /dev/sda4 /deep
mount-vfs ro nonsense /dev/sda4 /deep
mountpoints
write /deep/file "below"
umount /
umount /mnt
umount /mnt
umount /dev/sda4
umount /deep
umount /dev/sda9
umount relative
mount /dev/sda4 /deep
umount /deep lazyunmount:true
umount /deep force:true
mountpoints
mkmountpoint /point
mkmountpoint /point
mkmountpoint point
rmmountpoint /absent
rmmountpoint /hello
rmmountpoint point
rmmountpoint /point
umount-all
mounts
mkmountpoint /one
mkmountpoint /two
mkmountpoint /one/below
mount /dev/sda2 /one
mount /dev/sda4 /two
mountpoints
write /one/file "on the first"
write /two/file "on the second"
cp /one/file /two/copy
mv /one/file /two/moved
ln /two/file /one/hard
cat /two/moved
umount /one
rmmountpoint /two
umount /two
rmmountpoint /one/below
rmmountpoint /one
rmmountpoint /two
mounts
truncate-size /hello 5

# Programs of the guest: a shell with what it needs.
mount /dev/sda1 /
mkdir-p /bin
mkdir-p /lib64
mkdir-p /lib/x86_64-linux-gnu
command true
upload /bin/dash /bin/sh
upload /lib64/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2
upload /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libc.so.6
sh "echo no permission"
chmod 0755 /bin/sh
chmod 0755 /lib64/ld-linux-x86-64.so.2
sh "echo $0 from the guest"
sh "echo to the other side >&2"
sh "echo failing >&2; exit 3"
sh "exit 7"
sh "kill -9 $$"
sh ""
sh "echo one; echo two; printf three"
sh-lines "echo one; echo two; printf three"
sh-lines ""
sh "read line; echo got $line"
sh "echo written by a program > /by-program"
cat /by-program
sh "pwd; echo $PATH; umask"
sh "cat /proc/mounts"
sh "test -c /dev/null && test -d /proc/self && test -d /sys/kernel && echo bound"
sh "cd /deep && echo *"
sh "printf '\\377\\n'"
command "/bin/sh -c 'echo words'"
command "/bin/sh /by-program"
command /bin/absent
command ""
command "sh -c true"
command /hello
command-lines "/bin/sh -c 'echo one; echo two'"
command-lines "/bin/sh -c ''"
mkdir /dev
mkdir /proc
mkdir /sys
sh "test -c /dev/null && test -d /proc/self && test -d /sys/kernel && echo bound"
ls /dev
ls /proc
mkdir-p /etc
write /etc/resolv.conf "nameserver 192.0.2.1\n"
sh "while read line; do echo $line; done < /etc/resolv.conf"
cat /etc/resolv.conf
rm-rf /lib
sh "echo without its library"

# What else is done for the asking.
modprobe loop
modprobe nonsense
#= differs: each daemon has its own subcommands
debug help ""
debug sh "echo from the appliance"
debug sh "exit 3"
debug nonsense ""
echo-daemon "a b c"
ping-daemon
extlinux /deep
#= only success
extlinux /absent
syslinux /dev/sda3
mkfs vfat /dev/sda3
syslinux /dev/sda3
syslinux /dev/sda3 directory:/absent
umount /
mount /dev/sda3 /
ls /
umount-all
available "lvm2 luks mdadm xfs btrfs ntfs3g ntfsprogs ext2 scrub zerofree wipefs fstrim squashfs gdisk linuxxattrs linuxcaps acl extlinux syslinux"
set-label /dev/sda1 finished
set-label /dev/sda2 finished
mount /dev/sda2 /
mkdir-p /left/behind
write /left/behind/file "the last"
umount-all
