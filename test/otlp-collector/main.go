// otlp-collector receives traces as the OpenTelemetry Collector does, by the Collector's own receiver, and prints each
// batch as a line of OTLP/JSON. The first line says that it listens: for OTLP over HTTP, and over gRPC.
//
//	otlp-collector HOST:PORT HOST:PORT
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "use otlp-collector HOST:PORT HOST:PORT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(http, grpc string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	written := confmap.NewFromStringMap(map[string]any{
		"protocols": map[string]any{
			"http": map[string]any{"endpoint": http},
			"grpc": map[string]any{"endpoint": grpc},
		},
	})
	if err := written.Unmarshal(config); err != nil {
		return err
	}
	printed, err := consumer.NewTraces(printer())
	if err != nil {
		return err
	}
	settings := receiver.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}
	traces, err := factory.CreateTraces(ctx, settings, config, printed)
	if err != nil {
		return err
	}
	if err := traces.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	fmt.Println("listening")
	<-ctx.Done()
	return traces.Shutdown(context.Background())
}

// printer is called for several batches at once.
func printer() consumer.ConsumeTracesFunc {
	var line sync.Mutex
	marshaler := ptrace.JSONMarshaler{}
	return func(_ context.Context, traces ptrace.Traces) error {
		text, err := marshaler.MarshalTraces(traces)
		if err != nil {
			return err
		}
		line.Lock()
		defer line.Unlock()
		_, err = fmt.Printf("%s\n", text)
		return err
	}
}
