# What guestfish shows of a guest over four disks; a call that fails is told and the script goes on.
run
list-filesystems
list-md-devices
lvs-full
vgs-full
pvs
part-list /dev/sda
part-get-gpt-guid /dev/sda 3
mount-ro /dev/guestvg/root /
mount-ro /dev/guestvg/usr /usr
mount-ro /dev/guestvg/var /var
mount-ro /dev/sdb1 /boot
mounts
mountpoints
df-h | grep -c sysroot
ll /etc/fstab
cat /boot/boot.cfg
-cat /absent
-mount-ro /dev/absent /
stat /etc/passwd | grep -Ev "atime|dev"
lstatns /etc/passwd | grep -Ev "atime|dev"
statvfs /var
is-dir /usr/share
tail-n 3 /var/log/syslog
grep "event 19.[05]" /var/log/syslog
checksum sha1 /etc/passwd
hexdump /etc/hostname
download /var/log/syslog syslog
copy-out /etc/dpkg .
tar-out /etc/apt apt.tar
glob cat /etc/host*name
find /etc/apt
find0 /etc/apt apt.list0
du /etc
echo-daemon "one two"
device-index /dev/sdc
inspect-os
unmount-all
