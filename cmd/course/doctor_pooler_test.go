package main

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"fortsatt/course"
	"fortsatt/demo"
)

// A real PgBouncer in transaction mode is seen for what it is, on whatever port; and as no
// way past itself.
func TestDoctorSeesAPooler(t *testing.T) {
	t.Parallel()
	dsn := demo.Database(t, course.Migrate)
	pooled := pgbouncer(t, dsn)
	all := databaseFound(t, pooled, nil)
	expectFinding(t, all, "database", isOK, "Postgres ")
	expectFinding(t, all, "pooler", isWarn, "shares", "COURSE_DIRECT_URL")
	expectFinding(t, databaseFound(t, pooled, func(d *doctor) { d.DirectURL = dsn }), "pooler", isOK)
	expectFinding(t, databaseFound(t, pooled, func(d *doctor) { d.DirectURL = pooled + "&application_name=direct" }), "pooler", isFail, "too")
}

// pgbouncer runs one in front of a database, and returns where. As root it runs as the user
// that the tests' server runs as.
func pgbouncer(t *testing.T, dsn string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer")
	}
	if err != nil {
		missing(t, "pgbouncer")
	}
	server, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	password, _ := server.User.Password()
	settings := fmt.Sprintf("[databases]\n* = host=%s port=%s user=%s password=%s\n"+
		"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\n"+
		"auth_type = any\npool_mode = transaction\nignore_startup_parameters = extra_float_digits\n",
		cmp.Or(server.Query().Get("host"), server.Hostname()), cmp.Or(server.Port(), "5432"), server.User.Username(), password, port)
	file := filepath.Join(t.TempDir(), "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, file)
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "-u", "postgres")
	}
	began := begin(t, cmd)
	until(t, "PgBouncer listens", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		select {
		case <-began.exited:
			t.Fatal("PgBouncer ended: ", began.said.text())
		default:
		}
		return err == nil
	})
	return "postgres://" + server.User.Username() + "@127.0.0.1:" + port + server.Path + "?sslmode=disable"
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}
