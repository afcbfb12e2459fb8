# The handle before it is launched, and calls that never need an appliance.
#= differs: the version is our own
version
get-verbose
set-verbose false
set-verbose maybe
get-verbose
get-trace
get-autosync
set-autosync false
get-autosync
set-autosync 1
get-autosync
get-append
set-append "quiet splash"
get-append
get-backend
get-attach-method
set-backend appliance
#= differs: with us that is a backend of its own, not an old name of direct
get-backend
set-backend libvirt:test:///default
get-backend
set-backend nonsense
get-backend
set-backend direct
get-backend-settings
set-backend-settings "force_tcg one=1"
get-backend-settings
get-backend-setting force_tcg
get-backend-setting one
get-backend-setting absent
set-backend-setting two 2
set-backend-setting one 11
get-backend-settings
clear-backend-setting two
clear-backend-setting absent
get-backend-settings
get-cachedir
set-cachedir /tmp
get-cachedir
set-cachedir /no/such/dir
get-tmpdir
set-tmpdir /var/tmp
get-tmpdir
get-direct
set-direct true
get-direct
set-direct false
set-hv /usr/bin/qemu-system-x86_64
get-hv
set-qemu /usr/bin/qemu
get-qemu
set-hv /usr/bin/qemu-system-x86_64
get-identifier
set-identifier my-handle_1
get-identifier
set-identifier "not allowed!"
get-identifier
set-identifier ""
get-memsize
set-memsize 700
get-memsize
set-memsize 10
get-memsize
set-memsize many
get-network
set-network true
get-network
set-network false
set-path /usr/lib/one:/usr/lib/two
get-path
get-pgroup
set-pgroup true
get-pgroup
#= differs: the program's own name
get-program
set-program me
get-program
get-recovery-proc
set-recovery-proc false
get-recovery-proc
get-smp
set-smp 2
get-smp
set-smp 0
set-smp 256
get-sockdir
get-trace
parse-environment
parse-environment-list "LIBGUESTFS_TRACE=0 LIBGUESTFS_MEMSIZE=1000"
get-memsize
parse-environment-list "LIBGUESTFS_MEMSIZE=abc"
parse-environment-list "LIBGUESTFS_DEBUG=2"
is-config
is-ready
is-launching
is-busy
get-state
max-disks
nr-devices
config -device
config -global x
config "" x
debug-drives
canonical-device-name /dev/hda1
canonical-device-name /dev/vdb
canonical-device-name /dev/sdc3
canonical-device-name /dev/xvda
canonical-device-name /dev/VG/LV
canonical-device-name /dev/mapper/guestvg-root
canonical-device-name nonsense
canonical-device-name /dev/md0
available ntfs
feature-available ntfs
list-devices
list-partitions
list-filesystems
cat /etc/hostname
mount /dev/sda1 /
mount-ro /dev/sda1 /
umount-all
part-list /dev/sda
device-index /dev/sda
inspect-os
ping-daemon
sync
kill-subprocess
get-pid
user-cancel
disk-format guest.raw
disk-format guest.qcow2
#= only success
disk-format absent.img
disk-virtual-size guest.raw
disk-virtual-size guest.qcow2
#= only success
disk-virtual-size absent.img
disk-has-backing-file guest.raw
disk-has-backing-file guest.qcow2
#= only success
disk-has-backing-file absent.img
disk-create new.raw raw 1M
disk-format new.raw
disk-virtual-size new.raw
disk-create sparse.raw raw 10000000 preallocation:off
disk-virtual-size sparse.raw
disk-create full.raw raw 65536 preallocation:full
disk-create new.qcow2 qcow2 10M
disk-format new.qcow2
disk-virtual-size new.qcow2
disk-has-backing-file new.qcow2
disk-create over.qcow2 qcow2 -1 backingfile:new.raw backingformat:raw
disk-format over.qcow2
disk-virtual-size over.qcow2
disk-has-backing-file over.qcow2
disk-create probed.qcow2 qcow2 -1 backingfile:over.qcow2
disk-virtual-size probed.qcow2
disk-create bad.qcow2 qcow2 -1 backingfile:absent.raw
disk-create old.qcow2 qcow2 1M compat:0.10 clustersize:4096
disk-virtual-size old.qcow2
disk-create meta.qcow2 qcow2 1M preallocation:metadata
disk-create bad.qcow2 qcow2 1M preallocation:nonsense
disk-create bad.qcow2 qcow2 1M clustersize:3
disk-create bad.qcow2 qcow2 1M compat:9
disk-create bad.vmdk vmdk 1M
disk-create bad.raw raw -5
disk-create bad.raw raw 1M backingfile:new.raw
disk-create bad.raw raw 1M compat:1.1
disk-create bad.qcow2 qcow2 1M backingfile:new.raw backingformat:nonsense
disk-create no/such/dir/x.raw raw 1M
add-drive absent.img
add-drive guest.raw format:qcow3$
add-drive guest.raw iface:virtio
add-drive guest.raw iface:bad_iface!
add-drive guest.raw label:label-is-far-too-long-for-libguestfs
add-drive guest.raw label:1bad-
add-drive guest.raw protocol:nonsense
add-drive guest.raw protocol:nbd
add-drive guest.raw server:tcp:example
add-drive guest.raw cachemode:nonsense
add-drive guest.raw discard:nonsense
add-drive guest.raw readonly:true discard:enable
add-drive guest.raw blocksize:1000
add-drive guest.raw readonly:perhaps
add-drive guest.raw unknown:option
add-drive guest.raw readonly:true readonly:true
add-drive
add-drive-scratch 0
add-drive-scratch -1
add-drive-ro absent.img
#= only success
add-drive-ro /
add-drive-ro guest.raw
add-drive guest.qcow2 readonly:true format:qcow2 label:mydisk name:hda
add-drive-ro-with-if mbr.raw ide
add-cdrom mbr.raw
add-drive-with-if new.raw virtio
add-drive-scratch 1M label:scratch
nr-devices
remove-drive nolabel
remove-drive mydisk
get-program
echo one "two  three" 'four five' six\ seven
echo "tab\tnewline\nquote\"hex\x41octal\101"
echo ""
unknown-command
get_verbose
GET-VERBOSE
get-memsize extra
set-memsize
add-drive "unterminated
echo $HOME
echo ~
time
#= differs: a command that later versions have
not cat /x
setenv GLASSBOX_PROGRAMME value
unsetenv GLASSBOX_PROGRAMME
lcd /no/such/dir
list-events
delete-event none
event
supported
