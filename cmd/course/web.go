package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"fortsatt/web"
)

type webCommand struct{}

// Run serves readers until it is told to stop, and then finishes what was asked.
func (webCommand) Run(a *app) error {
	p, err := a.open()
	if err != nil {
		return err
	}
	defer p.close()
	listener, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", p.Listen, err)
	}
	debug.SetGCPercent(tidiness)
	a.log.Info("web: serving", "address", listener.Addr().String(), "site", p.BaseURL)
	return serve(a.ctx, listener, p.site(a))
}

func (p *parts) site(a *app) http.Handler {
	offered, _ := p.store.Course("")
	return web.New(p.store, p.library, offered, web.Options{
		BaseURL: p.BaseURL, TrustedProxies: p.proxies, Hooks: p.hooks, Log: a.log,
	})
}

// serve answers until ctx ends; what is being answered then has ten seconds.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(patience)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	}
	return <-stopped
}
