#!/usr/bin/env python3
"""A person at a terminal: runs a command on a pseudo-terminal of its own and follows the steps on standard input.

    terminal.py COMMAND [ARGUMENT…] <<EOF
    expect TEXT     wait until the command has shown TEXT, after what was expected before
    type TEXT       as typed; \\r is the return key, \\x03 is Ctrl+C
    size ROWS COLS  the window changes
    kill NAME       send the command SIGNAME
    raw | cooked    wait until the terminal is in that mode
    hangup          the terminal goes away; the last step but `exit`
    exit N          wait for the command's end and its status, 128 + n for signal n
    EOF

Waiting ends with a failure after 20 seconds. TERM is "vt100", the window has 24 lines of 80 columns.
"""
import codecs, fcntl, os, pty, select, signal, struct, sys, termios, time

PATIENCE = 20


class Terminal:
    def __init__(self, command):
        # This process keeps the other side open too, so that the modes can be looked at when the command has gone.
        self.master, self.slave = pty.openpty()
        self.resize(24, 80)
        self.shown = b""
        self.all = b""
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            os.environ["TERM"] = "vt100"
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(self.slave, descriptor)
            os.closerange(3, 64)
            for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            got = os.read(self.master, 65536)
            self.shown += got
            self.all += got

    def until(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                sys.exit(f"waited in vain for: {what}\nshown: {self.all!r}")
            if self.master is None:
                time.sleep(0.02)
            else:
                self.read(0.02)

    def expect(self, text):
        self.until(f"'{text!r}'", lambda: text in self.shown)
        self.shown = self.shown[self.shown.index(text) + len(text):]

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code
        return self.status is not None

    def hang_up(self):
        os.close(self.slave)
        os.close(self.master)
        self.master = None

    def step(self, line):
        verb, _, rest = line.partition(" ")
        text = codecs.escape_decode(rest.encode())[0]
        if verb == "expect":
            self.expect(text)
        elif verb == "type":
            os.write(self.master, text)
        elif verb == "size":
            self.resize(*map(int, rest.split()))
        elif verb == "kill":
            os.kill(self.pid, getattr(signal, "SIG" + rest))
        elif verb in ("raw", "cooked"):
            self.until(f"a {verb} terminal", lambda: self.is_raw() == (verb == "raw"))
        elif verb == "hangup":
            self.hang_up()
        elif verb == "exit":
            self.until("the end", self.has_ended)
            if self.status != int(rest):
                sys.exit(f"exit status {self.status} instead of {rest}\nshown: {self.all!r}")
        else:
            sys.exit(f"no such step: {line}")


def main():
    terminal = Terminal(sys.argv[1:])
    try:
        for line in sys.stdin:
            if line.strip():
                terminal.step(line.strip("\n\t"))
    finally:
        if not terminal.has_ended():
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
    sys.stdout.buffer.write(terminal.all)


main()
