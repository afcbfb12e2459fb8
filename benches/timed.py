"""Commands timed beside each other: what benches/side-by-side and benches/inspection share."""
import argparse
import os
import shlex
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Bytes of a sector, and the sector at which the disks' one partition starts.
SECTOR, START = 512, 2048
# Real libguestfs without KVM, which not every machine has.
REAL = dict(os.environ, LIBGUESTFS_BACKEND='direct', LIBGUESTFS_BACKEND_SETTINGS='force_tcg')


def run(*command, **options):
    subprocess.run(command, check=True, **options)


def arguments_of(doc, add=lambda parser: None):
    """The command line, with what `add` adds to it; glassbox is built unless a program is given."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument('--runs', type=int, default=7)
    parser.add_argument('--folder', default=os.path.join(ROOT, 'target', 'benches'))
    parser.add_argument('--glassbox', help='the program to time; built now if nothing is said')
    add(parser)
    arguments = parser.parse_args()
    arguments.folder = os.path.abspath(arguments.folder)
    os.makedirs(arguments.folder, exist_ok=True)
    if not arguments.glassbox:
        run('cargo', 'build', '--release', '--quiet', '--bin', 'glassbox', cwd=ROOT)
        target = os.environ.get('CARGO_TARGET_DIR', os.path.join(ROOT, 'target'))
        arguments.glassbox = os.path.join(target, 'release', 'glassbox')
    return arguments


def warm(*images):
    """Reads images into the page cache."""
    for image in images:
        with open(image, 'rb') as file:
            while file.read(1 << 20):
                pass


class Job:
    """A command, as a pipe to `cat` where its output is an archive, with its times and its peak memory."""

    def __init__(self, name, command, pipe=False, environment=None):
        self.name, self.command, self.pipe, self.environment = name, command, pipe, environment
        self.times, self.cpu_times, self.memory = [], [], 0

    def run(self):
        cat = None
        with open(os.devnull, 'r+b') as null:
            output = null
            if self.pipe:
                cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=null)
                output = cat.stdin
            begin = time.perf_counter()
            process = subprocess.Popen(self.command, stdin=null, stdout=output, stderr=subprocess.PIPE,
                                       env=self.environment)
            if cat:
                cat.stdin.close()
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            if cat:
                cat.wait()
            self.times.append(time.perf_counter() - begin)
        process.returncode = status
        if status != 0:
            sys.exit('%s: failed: %s' % (shlex.join(self.command), errors.decode(errors='replace')[-2000:]))
        self.cpu_times.append(usage.ru_utime + usage.ru_stime)
        self.memory = max(self.memory, usage.ru_maxrss << 10)

    @property
    def time(self):
        return min(self.times)

    @property
    def cpu(self):
        return min(self.cpu_times)


class Row:
    """Our job and its peers, with the ratio that is the goal, or None."""

    def __init__(self, title, ours, peers):
        self.title, self.ours, self.peers = title, ours, peers

    def run(self, runs):
        for _ in range(runs):
            for job in [self.ours] + [peer for peer, _ in self.peers]:
                # A peer that boots a virtual machine is timed once.
                if job.environment is None or not job.times:
                    job.run()

    def print(self):
        for peer, goal in self.peers:
            ratio, cpu = self.ours.time / peer.time, self.ours.cpu / peer.cpu
            shown = '%.2f' % ratio if ratio >= 0.1 else '1/%.0f' % (1 / ratio)
            wanted = judged(ratio, goal) if goal else ''
            # What a virtual machine costs isn't all in its starter's time.
            cpu = '%.2f' % cpu if peer.environment is None else ''
            print('| %s | %s | %s | %s | %s | %s | %s | %.0f MiB |' % (
                self.title, seconds(self.ours.time), peer.name, seconds(peer.time), shown, cpu, wanted,
                self.ours.memory / (1 << 20)))


def judged(ratio, goal):
    wanted = '≤ %.1f' % goal if goal >= 0.1 else '≤ 1/%.0f' % (1 / goal)
    return '%s, %s' % (wanted, 'met' if ratio <= goal else 'MISSED')


def print_head(memory_limit):
    print('| job | glassbox | peer | time | ratio | ratio of processor time | goal | our peak memory (≤ %d MiB) |' % (
        memory_limit >> 20))
    print('|---|---|---|---|---|---|---|---|')


def seconds(value):
    return '%.1f ms' % (value * 1e3) if value < 0.1 else '%.2f s' % value
