#!/bin/bash
# Builds the guest that the tests run: a small Linux made of Debian packages
# (cloud kernel, static busybox, the real qemu-ga), in plain files. No mount,
# loop device, chroot or network block device is used, so it works in any
# container, and as an ordinary user too.
#
#   build.sh STORE     prints the folder of the finished image in STORE
#
# The folder holds
#   root.qcow2   1 GiB disk: MBR, GRUB, one ext4 file system (stillpoint-root)
#   vmlinuz      the same kernel, and
#   initrd       initial RAM disk, and
#   cmdline      kernel arguments, for starting without firmware.
#
# Images are kept by a key over this script and the versions of the packages
# in it; parallel callers share one build by a lock.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C

fail() { echo "guest build: $*" >&2; exit 1; }

[ $# = 1 ] || fail "usage: build.sh STORE"
mkdir -p "$1"
store=$(cd "$1" && pwd)
script=$(sha256sum < "${BASH_SOURCE[0]}" | cut -c1-12)

for tool in dpkg-deb sfdisk mke2fs grub-mkimage qemu-img; do
    command -v "$tool" > /dev/null || fail "no $tool here; run: cargo xtask install"
done
[ -f /usr/lib/grub/i386-pc/boot.img ] || fail "no /usr/lib/grub/i386-pc/boot.img; run: cargo xtask install"

# What apt would install now: kernel, busybox, agent and the agent's libraries
# with theirs (their names differ between releases).
packages() {
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances linux-image-cloud-amd64 qemu-guest-agent 2> /dev/null | awk '
        /^[a-z]/ {from = $1; next}
        $1 ~ /Depends:$/ {needs[from] = needs[from] " " $2}
        function walk(name,    list, n, i) {
            n = split(needs[name], list)
            for (i = 1; i <= n; i++)
                if (list[i] ~ /^lib/ && !(list[i] in seen)) {
                    seen[list[i]]; print list[i]; walk(list[i])
                }
        }
        END {
            split(needs["linux-image-cloud-amd64"], kernel)
            if (kernel[1] == "") exit 1
            print kernel[1]; print "busybox-static"; print "base-files"; print "qemu-guest-agent"
            walk("qemu-guest-agent")
        }'
}
# Asking apt takes a second, so the answer is kept until its index changes. With
# no index at all (offline, lists removed) any image of this script will do.
index=$(stat -c %y /var/lib/apt/lists /var/lib/dpkg/status 2> /dev/null | sha256sum | cut -c1-12)
if [ -s "$store/key-$script-$index" ]; then
    read -r key list < "$store/key-$script-$index"
elif list=$(packages | tr '\n' ' ') && [ -n "$list" ]; then
    key=guest-$script-$(apt-cache policy $list | grep -E '^[a-z]|Candidate:' | sha256sum | cut -c1-12)
    rm -f "$store"/key-*
    echo "$key $list" > "$store/key-$script-$index.$$"
    mv "$store/key-$script-$index.$$" "$store/key-$script-$index"
else
    key=$(cd "$store" && ls -dt guest-"$script"-* 2> /dev/null | head -1)
    [ -n "$key" ] || fail "apt has no package index; run: apt-get update"
fi
out=$store/$key
if [ -d "$out" ]; then echo "$out"; exit 0; fi

exec 9> "$store/build.lock"
flock 9
if [ -d "$out" ]; then echo "$out"; exit 0; fi
work=$(mktemp -d "$store/building.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "guest build: making $out" >&2

# --- packages ---------------------------------------------------------------
root=$work/root
mkdir -p "$work/debs" "$work/kernel" "$root"/usr/{bin,sbin,lib,lib64}
chmod 755 "$work" "$work/debs"
(cd "$work/debs" && apt-get download -q $list) > "$work/download.log" 2>&1 \
    || { tail -5 "$work/download.log" >&2; fail "the packages cannot be fetched"; }
for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done
for deb in "$work"/debs/*.deb; do
    case ${deb##*/} in linux-image-*) into=$work/kernel ;; *) into=$root ;; esac
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$into" --no-same-owner --keep-directory-symlink \
        --exclude='./usr/share/doc*' --exclude='./usr/share/man*' --exclude='./usr/share/locale*' \
        --exclude='./usr/share/lintian*' --exclude='./usr/share/bug*' --exclude='*/gconv/*' \
        --exclude='./lib/systemd/*' --exclude='./etc/init.d/*'
done
box=$root/usr/bin/busybox
[ -x "$box" ] || fail "busybox-static did not bring /bin/busybox"

# --- kernel -----------------------------------------------------------------
kernel=$(cd "$work/kernel/boot" && ls vmlinuz-* | sed 's/^vmlinuz-//')
cp "$work/kernel/boot/vmlinuz-$kernel" "$work/vmlinuz"
modules=$work/kernel/lib/modules/$kernel
[ -d "$modules" ] || modules=$work/kernel/usr/lib/modules/$kernel
"$box" depmod -b "${modules%/lib/modules/*}" "$kernel"
early="virtio_pci virtio_blk virtio_scsi sd_mod ahci ext4"
late="virtio_console virtio_rng virtio_net virtio_balloon button evdev af_packet xfs nvme"
# Each wanted module with all that it needs; one that is not listed is built in.
for name in $early $late; do
    pattern=$(echo "$name" | sed 's/[-_]/[-_]/g')
    grep -E "(^|/)$pattern\.ko[a-z.]*:" "$modules/modules.dep" | tr -d : | tr ' ' '\n' || true
done | sed "s|.*lib/modules/$kernel/||" | grep . | sort -u > "$work/wanted"
mkdir -p "$root/usr/lib/modules/$kernel"
tar -c -C "$modules" -T "$work/wanted" | tar -x -C "$root/usr/lib/modules/$kernel"
cp "$modules"/modules.{order,builtin,builtin.modinfo} "$root/usr/lib/modules/$kernel/"
"$box" depmod -b "$root/usr" "$kernel"

# --- initial RAM disk: load drivers, find the root by label, go there --------
rd=$work/rd
mkdir -p "$rd"/{bin,dev,lib,proc,root,sys}
cp "$box" "$rd/bin/busybox"
cp -a "$root/usr/lib/modules" "$rd/lib/"
cat > "$rd/init" << END
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for module in $early; do modprobe -q \$module; done
tries=0
until disk=\$(findfs LABEL=stillpoint-root 2> /dev/null); do
    tries=\$((tries + 1))
    if [ \$tries -gt 300 ]; then echo "no disk carries stillpoint-root"; exec sh; fi
    usleep 50000
done
mount -t ext4 "\$disk" /root || exec sh
mount --move /dev /root/dev
umount /sys /proc
exec switch_root /root /sbin/init
END
chmod 755 "$rd/init"
(cd "$rd" && find . | "$box" cpio -o -H newc 2> /dev/null | gzip -1) > "$work/initrd"

# --- root file system -------------------------------------------------------
mkdir -p "$root"/{boot/grub,dev,etc/init.d,etc/acpi/PWRF,etc/qemu/fsfreeze-hook.d,mnt,proc,root,run,sys,tmp,var/log}
for applet in $("$box" --list-full); do
    case $applet in linuxrc | sbin/shutdown) continue ;; esac
    case $applet in usr/*) to=$root/$applet ;; *) to=$root/usr/$applet ;; esac
    if [ ! -e "$to" ] && [ ! -L "$to" ]; then ln -s /usr/bin/busybox "$to"; fi
done
ldconfig -r "$root"
echo stillpoint-guest > "$root/etc/hostname"
echo 'root::0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
: > "$root/etc/fstab"
ln -sf /proc/mounts "$root/etc/mtab"
# What a running system notes of itself must not be on the disk, or no two
# boots of it are alike.
rm -rf "$root/var/run" "$root/var/lock" "$root/var/tmp"
ln -s /run "$root/var/run"
ln -s /run/lock "$root/var/lock"
ln -s /tmp "$root/var/tmp"
cat > "$root/etc/inittab" << 'END'
::sysinit:/etc/init.d/start
::respawn:/etc/init.d/agent
ttyS0::respawn:-/bin/sh
::shutdown:/etc/init.d/stop
END
cat > "$root/etc/init.d/start" << 'END'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs tmpfs /tmp
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
hostname -F /etc/hostname
for module in virtio_console virtio_rng button evdev virtio_net af_packet; do modprobe -q $module; done
# A data disk says by its label where it belongs: data1 is mounted at /data1.
for n in 1 2 3 4 5 6 7 8; do
    disk=$(findfs LABEL=data$n 2> /dev/null) || continue
    mkdir -p /data$n
    mount "$disk" /data$n
done
ip link set lo up
for card in /sys/class/net/e*; do
    [ -e "$card" ] || continue
    ip link set "${card##*/}" up
    udhcpc -q -n -b -i "${card##*/}" > /dev/null 2>&1 &
done
acpid > /dev/null 2>&1
[ ! -x /etc/rc.local ] || /etc/rc.local
END
cat > "$root/etc/init.d/stop" << 'END'
#!/bin/sh
killall qemu-ga 2> /dev/null
sync
umount -a -r 2> /dev/null
mount -o remount,ro /
END
# The agent's port is found by its name, as there is no udev. Its log must not
# lie on a disk: writing to a frozen file system would block the agent itself.
cat > "$root/etc/init.d/agent" << 'END'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
port=
until [ -n "$port" ]; do
    for p in /sys/class/virtio-ports/*; do
        read -r name 2> /dev/null < "$p/name" || continue
        [ "$name" = org.qemu.guest_agent.0 ] && port=/dev/${p##*/}
    done
    [ -n "$port" ] || usleep 100000
done
exec qemu-ga --method=virtio-serial --path="$port" --statedir=/run --pidfile=/run/qemu-ga.pid \
    --fsfreeze-hook=/etc/qemu/fsfreeze-hook --logfile=/run/qemu-ga.log
END
# Hooks: every executable in the folder, called with freeze and then thaw. One
# that fails on freeze makes the freeze fail.
cat > "$root/etc/qemu/fsfreeze-hook" << 'END'
#!/bin/sh
for hook in /etc/qemu/fsfreeze-hook.d/*; do
    [ -f "$hook" ] && [ -x "$hook" ] || continue
    status=0
    "$hook" "$1" >> /run/fsfreeze-hook.log 2>&1 || status=$?
    echo "$(date +%s) $1 ${hook##*/} $status" >> /run/fsfreeze-hook.log
    if [ "$1" = freeze ] && [ $status != 0 ]; then exit $status; fi
done
exit 0
END
# The agent calls shutdown with -h, -P or -r and a time.
cat > "$root/usr/sbin/shutdown" << 'END'
#!/bin/sh
case " $* " in *" -r "*) exec /sbin/reboot ;; esac
exec /sbin/poweroff
END
printf '#!/bin/sh\nexec /sbin/poweroff\n' > "$root/etc/acpi/PWRF/00000080"
chmod 755 "$root"/etc/init.d/{start,stop,agent} "$root/etc/qemu/fsfreeze-hook" \
    "$root/usr/sbin/shutdown" "$root/etc/acpi/PWRF/00000080"

# --- disk -------------------------------------------------------------------
cmdline="console=ttyS0,115200 quiet loglevel=3 mitigations=off no_timer_check i8042.noaux i8042.nokbd random.trust_cpu=on"
echo "$cmdline" > "$work/cmdline"
cp "$work/vmlinuz" "$work/initrd" "$root/boot/"
printf 'linux /boot/vmlinuz %s\ninitrd /boot/initrd\nboot\n' "$cmdline" > "$root/boot/grub/grub.cfg"
disk=$work/root.raw
truncate -s 1G "$disk"
printf 'label: dos\nlabel-id: 0x5354504e\nstart=2048, type=83, bootable\n' | sfdisk -q "$disk"
# The partition starts at 1 MiB and takes the rest.
mke2fs -q -F -t ext4 -L stillpoint-root -E offset=1048576,root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0 \
    -d "$root" "$disk" $((1023 * 1024))k
# GRUB without its installer, which insists on a block device: the boot sector
# looks for the core at sector 1, and the core for its own rest right after.
grub-mkimage -O i386-pc -o "$work/core.img" -p '(hd0,msdos1)/boot/grub' \
    biosdisk part_msdos ext2 linux normal configfile
[ "$(stat -c %s "$work/core.img")" -le $((2047 * 512)) ] || fail "GRUB's core does not fit before the partition"
dd if=/usr/lib/grub/i386-pc/boot.img of="$disk" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none

mkdir "$work/done"
qemu-img convert -f raw -O qcow2 "$disk" "$work/done/root.qcow2"
mv "$work/vmlinuz" "$work/initrd" "$work/cmdline" "$work/done/"
mv "$work/done" "$out"
echo "$out"
