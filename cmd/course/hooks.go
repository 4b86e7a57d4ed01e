package main

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"fortsatt/web"
)

// The doors by which returned mail comes in, and what is told about it.

func (c *config) checkInbound() error {
	if c.Inbound == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(c.Inbound); err != nil || !isPort(port) {
		return fmt.Errorf("COURSE_INBOUND=%s: want host:port, as 127.0.0.1:2526", c.Inbound)
	}
	return nil
}

var topicARN = regexp.MustCompile(`^arn:aws(-[a-z-]+)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+(\.fifo)?$`)

// checkHooks says nothing of what stands there, but of the topic: the rest is secret.
func (c *config) checkHooks() error {
	c.hooks = web.Hooks{SES: c.HookSES, Postmark: c.HookPostmark, Mailgun: c.HookMailgun}
	if c.HookSES != "" && !topicARN.MatchString(c.HookSES) {
		return fmt.Errorf("COURSE_HOOK_SES=%s: want the topic's ARN, as arn:aws:sns:eu-north-1:123456789012:letters", c.HookSES)
	}
	user, password, _ := strings.Cut(c.HookPostmark, ":")
	if c.HookPostmark != "" && (user == "" || password == "") {
		return errors.New("COURSE_HOOK_POSTMARK: want user:password, as they stand in the webhook's settings at Postmark")
	}
	if c.HookSendgrid != "" {
		der, err := base64.StdEncoding.DecodeString(c.HookSendgrid)
		key, _ := x509.ParsePKIXPublicKey(der)
		verification, ok := key.(*ecdsa.PublicKey)
		if err != nil || !ok {
			return errors.New("COURSE_HOOK_SENDGRID: want the verification key as SendGrid shows it, in base64")
		}
		c.hooks.SendGrid = verification
	}
	return nil
}

// hooked names the providers that may report.
func (c *config) hooked() string {
	var names []string
	for _, p := range []struct{ name, setting string }{
		{"ses", c.HookSES}, {"postmark", c.HookPostmark}, {"mailgun", c.HookMailgun}, {"sendgrid", c.HookSendgrid},
	} {
		if p.setting != "" {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, ", ")
}
