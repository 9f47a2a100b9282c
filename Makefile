# `make help` lists what can be made. Works as root, and as a user: what needs root is then run with sudo.

SHELL  := /bin/bash
PREFIX ?= /usr/local
# For the unit file: a place where systemd looks whatever PREFIX is.
UNITS  ?= /etc/systemd/system

GO     := $(shell PATH="$$PATH:/usr/local/go/bin" command -v go)
SUDO   := $(if $(filter 0,$(shell id -u)),,sudo)
export GO
# The programs of the system directories, which a user's path may lack.
export PATH := $(PATH):/usr/local/go/bin:/usr/sbin:/sbin

BUILD  := CGO_ENABLED=0 $(GO) build -buildvcs=false -trimpath
LOG    := build/test.json
REPORT := build/report
RUN    := $(REPORT) run $(LOG)
# Tests of namespaces and of other users need root; only they run as root, the compiler does not.
AS_ROOT := $(if $(SUDO),-exec "$(SUDO) env TMPDIR=$${TMPDIR:-/tmp}",)
LAB     := client/interop/lab/ezt
TABLE   := build/interop.txt
IN_LAB   = -exec "$(SUDO) env TMPDIR=$${TMPDIR:-/tmp} EZVPN_BIN=$(CURDIR)/build/interop EZVPN_TABLE=$(CURDIR)/$(TABLE) \
	EZVPN_LOGS=$(CURDIR)/build/interop-logs EZVPN_SOAK=$(SOAK)"
# Network and programs of an interrupted run, unless another run is using them.
CLEAN_LAB = $(SUDO) flock -n /run/ezt.lock $(LAB) down >/dev/null 2>&1 || true

.NOTPARALLEL:
.PHONY: help go build install uninstall demo test unit lint fuzz-short cross interop interop-programs soak boot-test bench fuzz \
	packages clean report fleet-sim crash-points desktop desktop-test desktop-packages

help:
	@echo 'make build     build/ezvpnd, build/ezvpn and build/ezvpn-gui'
	@echo 'make desktop   build/ezvpn-window, which needs OpenGL; installs the Debian packages that it needs'
	@echo 'make desktop-test  the tray and its windows on an X server of their own; screenshots in build/desktop'
	@echo 'make demo      connect to a gateway of our own, without privileges; ends by itself'
	@echo 'make test      everything; installs the Debian packages that it needs'
	@echo 'make unit      the tests that need no network'
	@echo 'make interop   the tests against strongSwan, in network namespaces'
	@echo 'make soak      the long form of those about the remote: an hour of failovers, renewals, loss and idling'
	@echo 'make boot-test the service in a container that boots under systemd: a minute, and a Debian tree once'
	@echo 'make bench     ESP per packet, connect time beside vpnc, memory'
	@echo 'make fuzz      each fuzz target for FUZZTIME (10m)'
	@echo 'make cross     build for Linux, Windows and macOS, amd64 and arm64'
	@echo 'make install   programs and systemd unit, into DESTDIR and PREFIX (/usr/local)'
	@echo 'make fleet-sim 10,000 remotes lose their gateways; a table, and a picture in build/fleet'
	@echo 'make crash-points  kill the process of a tunnel at every step, and look whether the machine is put back'
	@echo 'make clean     remove build/'

go:
	@if [ -z "$(GO)" ]; then \
		echo 'Go is missing: install Go 1.26 or newer (https://go.dev/dl), on the path or in /usr/local/go.' >&2; exit 1; fi
	@v=$$(cd / && GOTOOLCHAIN=local $(GO) env GOVERSION); m=$${v#go1.}; m=$${m%%[!0-9]*}; \
	if [[ $$v == go1.* ]] && [ "$${m:-0}" -lt 26 ]; then \
		echo "$(GO) is $$v: install Go 1.26 or newer (https://go.dev/dl)." >&2; exit 1; fi
	@# A bare Debian has no certificates, and then Go fetches no modules.
	@if command -v dpkg-query >/dev/null && [ ! -e /etc/ssl/certs/ca-certificates.crt ] && [ -z "$$SSL_CERT_FILE" ]; then \
		packaging/test-packages.sh ca-certificates || true; fi

build: go
	@mkdir -p build
	$(BUILD) -o build/ ./service/ezvpnd ./service/ezvpn ./gui/ezvpn-gui
	@rm -rf build/man && build/ezvpn man build/man

install:
	@[ -x build/ezvpnd ] && [ -x build/ezvpn ] || { echo 'Run make build first, as the user who has Go.' >&2; exit 1; }
	install -D -m 755 build/ezvpnd $(DESTDIR)$(PREFIX)/sbin/ezvpnd
	install -D -m 755 build/ezvpn $(DESTDIR)$(PREFIX)/bin/ezvpn
	@# The desktop, if it was built: make build desktop.
	[ ! -x build/ezvpn-window ] || { install -m 755 build/ezvpn-gui build/ezvpn-window $(DESTDIR)$(PREFIX)/bin/ && \
		install -D -m 644 packaging/linux/ezvpn.desktop $(DESTDIR)$(PREFIX)/share/applications/ezvpn.desktop; }
	install -d -m 755 $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 build/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	build/ezvpn completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ezvpn
	install -d -m 755 $(DESTDIR)$(UNITS) $(DESTDIR)/etc/ezvpn/profiles.d
	sed 's,/usr/sbin/ezvpnd,$(PREFIX)/sbin/ezvpnd,' packaging/linux/ezvpnd.service >$(DESTDIR)$(UNITS)/ezvpnd.service
	@[ -n "$(DESTDIR)" ] || getent group ezvpn >/dev/null || groupadd --system ezvpn
	@[ -n "$(DESTDIR)" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/ezvpn*.1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ezvpn
	rm -f $(DESTDIR)$(PREFIX)/bin/ezvpn-gui $(DESTDIR)$(PREFIX)/bin/ezvpn-window $(DESTDIR)$(PREFIX)/share/applications/ezvpn.desktop
	rm -f $(DESTDIR)$(PREFIX)/sbin/ezvpnd $(DESTDIR)$(PREFIX)/bin/ezvpn $(DESTDIR)$(UNITS)/ezvpnd.service

# What the windows are built with, and what their tests run on.
DESKTOP = gcc clang libc6-dev pkg-config libgl1-mesa-dev xorg-dev libxkbcommon-dev libwayland-dev
SCREEN  = xvfb xauth libgl1-mesa-dri dbus xdotool xclip openbox imagemagick fonts-dejavu-core

desktop-packages:
	@packaging/test-packages.sh $(DESKTOP) $(SCREEN)

# With gcc one step of OpenGL's bindings alone takes three minutes.
desktop: go
	@packaging/test-packages.sh $(DESKTOP)
	@mkdir -p build
	CC=clang CGO_ENABLED=1 $(GO) build -buildvcs=false -trimpath -tags desktop -o build/ ./gui/ezvpn-window

demo: build
	@build/ezvpnd demo

packages:
	@packaging/test-packages.sh

report: go
	@mkdir -p build && rm -f $(LOG) && $(BUILD) -o $(REPORT) ./client/interop/report

# The steps go on after a failure; the summary at the end decides.
test: go packages report
	@$(MAKE) --no-print-directory lint unit fuzz-short cross desktop-test interop TOLD=no
	@$(REPORT) sum $(LOG)

# A step that was asked for alone sums itself up.
TOLD ?= yes
TELL  = @[ $(TOLD) = no ] || $(REPORT) sum $(LOG)
ifeq ($(TOLD),yes)
unit lint fuzz-short cross interop fuzz boot-test desktop-test: report
endif

lint:
	@$(RUN) gofmt bash -c 'out=$$($$($(GO) env GOROOT)/bin/gofmt -l assets client dpd gui ike packaging service tunnel *.go); echo -n "$$out"; [ -z "$$out" ]'
	@$(RUN) vet $(GO) vet -tags interop ./...
	$(TELL)

unit:
	@$(RUN) unit $(GO) test -buildvcs=false -race -json $(AS_ROOT) ./...
	$(TELL)

fuzz-short:
	@$(REPORT) fuzz $(LOG) 5s
	$(TELL)

FUZZTIME ?= 10m
fuzz:
	@$(REPORT) fuzz $(LOG) $(FUZZTIME)
	$(TELL)

cross:
	@for os in linux windows darwin; do for arch in amd64 arm64; do \
		GOOS=$$os GOARCH=$$arch CGO_ENABLED=0 $(RUN) "build $$os/$$arch" \
			$(GO) build -buildvcs=false -trimpath -o build/cross/$$os-$$arch/ ./service/ezvpnd ./service/ezvpn \
			$$([ $$os = darwin ] || echo ./gui/ezvpn-gui); \
	done; done
	$(TELL)

# A day with the tray: on a real bus and screen, with a panel, a service and gateways of the test's own.
desktop-test: desktop-packages
	@$(RUN) 'build window' $(MAKE) --no-print-directory desktop
	@$(RUN) 'vet window' env CC=clang $(GO) vet -tags desktop,screen ./gui/...
	@$(RUN) desktop $(GO) test -buildvcs=false -tags screen -count=1 -run TestScreen -json \
		-exec "$(SUDO) env TMPDIR=$${TMPDIR:-/tmp} EZVPN_WINDOW=$(CURDIR)/build/ezvpn-window EZVPN_SHOTS=$(CURDIR)/build/desktop" ./gui/ezvpn-gui
	$(TELL)

interop-programs: go
	@mkdir -p build/interop
	@$(BUILD) -o build/interop/ ./service/ezvpnd ./service/ezvpn ./client/interop/blob ./client/interop/vicipool

# What was measured is told even where everything passed.
interop: packages
	@$(RUN) 'programs for interop' $(MAKE) --no-print-directory interop-programs
	@$(SUDO) rm -rf $(TABLE) build/interop-logs
	@trap '$(CLEAN_LAB)' EXIT; \
	$(RUN) $(if $(SOAK),soak,interop) $(GO) test -buildvcs=false -tags interop -count=1 -timeout $(if $(SOAK),2h,20m) \
		$(if $(SOAK),-run '^TestRemote') -json $(IN_LAB) ./client/interop
	@[ ! -e $(TABLE) ] || { echo; cat $(TABLE); }
	$(TELL)

soak:
	@$(MAKE) --no-print-directory interop SOAK=yes

# It wants a machine that may boot a container (cgroups), so it is no part of make test.
boot-test: go
	@packaging/test-packages.sh systemd-container debootstrap
	@$(RUN) 'programs for the boot' $(MAKE) --no-print-directory build interop-programs
	@$(RUN) boot $(SUDO) env BUILD=$(CURDIR)/build TMPDIR=$${TMPDIR:-/tmp} packaging/boot-test.sh
	$(TELL)

bench: go packages interop-programs
	@$(GO) test -buildvcs=false -run '^$$' -bench . ./ike/... ./tunnel/... ./client ./client/gateway ./client/interop ./service
	@trap '$(CLEAN_LAB)' EXIT; \
	$(GO) test -buildvcs=false -tags interop -run '^$$' -bench 'Connect$$|Idle' -benchtime 7x $(IN_LAB) ./client/interop

# 10,000 remotes in virtual time, three gateways that take 50 connects a second each: how the fleet comes back.
fleet-sim: go
	@$(GO) test -buildvcs=false -count=1 ./client -run 'TestFleet$$' -fleet.size 10000 -fleet.out $(CURDIR)/build/fleet >/dev/null \
		|| { cat build/fleet/fleet.txt 2>/dev/null; echo 'The fleet does not come back as it should; see go test -v ./client -run TestFleet' >&2; exit 1; }
	@cat build/fleet/fleet.txt && echo 'The picture: build/fleet/fleet.svg'

# Kill the process of a tunnel at every point between two changes of the machine, and put it back in both ways, twice.
crash-points: go
	@EZVPN_CRASH_POINTS=all $(GO) test -buildvcs=false -count=1 -v -timeout 30m $(if $(SUDO),-exec "$(SUDO) env TMPDIR=$${TMPDIR:-/tmp} EZVPN_CRASH_POINTS=all",) ./service/repair -run 'TestCrashPoints|TestRepairIsKilledToo|TestDryRun'

clean:
	rm -rf build
