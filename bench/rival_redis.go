package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// redisEngine is a population in a Redis of its own, on a socket of its own.
type redisEngine struct {
	dir    string
	server *exec.Cmd
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
}

// redisServer is where Debian puts the server.
const redisServer = "/usr/bin/redis-server"

// newRedis starts Redis, where it is installed, and loads the numbers into a sorted
// set, each profile under its number.
func newRedis(ctx context.Context, parent string, p *population) (_ engine, err error) {
	if _, err := os.Stat(redisServer); err != nil {
		return nil, fmt.Errorf("%w: no %s", errAbsent, redisServer)
	}
	dir, err := os.MkdirTemp(parent, "redis-")
	if err != nil {
		return nil, err
	}
	e := &redisEngine{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	socket := filepath.Join(dir, "s")
	e.server = exec.CommandContext(ctx, redisServer, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	if err := e.server.Start(); err != nil {
		return nil, err
	}
	if err := e.connect(socket); err != nil {
		return nil, err
	}
	return e, e.load(p)
}

// connect waits for the server's socket.
func (e *redisEngine) connect(socket string) (err error) {
	for range 500 {
		if e.conn, err = net.Dial("unix", socket); err == nil {
			e.in, e.out = bufio.NewReader(e.conn), bufio.NewWriterSize(e.conn, 1<<16)
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// load sends a thousand profiles at a time.
func (e *redisEngine) load(p *population) error {
	for from := 0; from < p.len(); from += 1000 {
		args := []string{"ZADD", "value"}
		for i := from; i < min(from+1000, p.len()); i++ {
			args = append(args, strconv.Itoa(int(p.value[i])), strconv.Itoa(i))
		}
		if _, err := e.call(args...); err != nil {
			return err
		}
	}
	return nil
}

// call sends one command and returns the integer that it answers.
func (e *redisEngine) call(args ...string) (uint64, error) {
	fmt.Fprintf(e.out, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(e.out, "$%d\r\n%s\r\n", len(a), a)
	}
	if err := e.out.Flush(); err != nil {
		return 0, err
	}
	line, err := e.in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != ':' {
		return 0, fmt.Errorf("redis answers %q to %s", line, args[0])
	}
	return strconv.ParseUint(line[1:len(line)-2], 10, 64)
}

func (*redisEngine) name() string { return "redis" }

// prepare puts the counts by value. A sorted set knows nothing of other sets but by
// building their intersection, so the other questions are not asked.
func (e *redisEngine) prepare(_ context.Context, q question) (func() (uint64, error), error) {
	if q.asked != counted || q.column != "value" {
		return nil, nil
	}
	lo, hi := strconv.FormatInt(q.lo, 10), strconv.FormatInt(q.hi, 10)
	return func() (uint64, error) { return e.call("ZCOUNT", "value", lo, hi) }, nil
}

// close ends the server, which keeps nothing.
func (e *redisEngine) close() error {
	var errs []error
	if e.conn != nil {
		errs = append(errs, e.conn.Close())
	}
	if e.server != nil && e.server.Process != nil {
		errs = append(errs, e.server.Process.Kill())
		_ = e.server.Wait() // killed
	}
	return errors.Join(append(errs, os.RemoveAll(e.dir))...)
}
