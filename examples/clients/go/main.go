// Command client records usage until the quota service refuses it, and then looks at what happened.
//
//	QUOTA_ADDRESS    host:port of the gRPC door, 127.0.0.1:50051 by default
//	QUOTA_TENANT_ID  whose usage, the demo tenant by default
//	QUOTA_API_KEY    the credential; leave it out where the service has AUTH=none
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	quotav1 "quota.example/client/gen/quota/v1"
)

const (
	metric = "tracked_products"
	amount = 15
	// What one call may take, its retries included.
	callTimeout = 5 * time.Second
	// Retries of the reads; it stands beside the contract.
	serviceConfigFile = "../../../proto/quota/v1/service_config.json"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	serviceConfig, err := os.ReadFile(serviceConfigFile)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(
		envOr("QUOTA_ADDRESS", "127.0.0.1:50051"),
		// credentials.NewTLS(nil) where the service is not on this machine.
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(string(serviceConfig)),
		grpc.WithUnaryInterceptor(authorize(os.Getenv("QUOTA_API_KEY"))),
	)
	if err != nil {
		return err
	}
	defer conn.Close()
	client := quotav1.NewQuotaServiceClient(conn)
	tenant := envOr("QUOTA_TENANT_ID", "11111111-1111-4111-8111-111111111111")

	if err := recordUntilRefused(ctx, client, tenant); err != nil {
		return err
	}
	for _, amount := range []int64{5, 6} {
		if err := check(ctx, client, tenant, amount); err != nil {
			return err
		}
	}
	if err := showStatus(ctx, client, tenant); err != nil {
		return err
	}
	return listEvents(ctx, client, tenant)
}

func recordUntilRefused(ctx context.Context, client quotav1.QuotaServiceClient, tenant string) error {
	// A real program takes the key from what it records: an order, a row of a file.
	run := rand.Text()
	for use := 1; ; use++ {
		key := fmt.Sprintf("%s-%d", run, use)
		recorded, err := record(ctx, client, &quotav1.RecordUsageRequest{
			TenantId:       tenant,
			MetricCode:     metric,
			Amount:         amount,
			IdempotencyKey: &key,
		})
		if refusal, ok := errors.AsType[*refusedError](err); ok {
			fmt.Print(refusal.Error())
			return nil
		}
		if err != nil {
			return err
		}
		usage := recorded.GetStatus()
		fmt.Printf("recorded %d: %d of %d used\n", recorded.GetEvent().GetAmount(), usage.GetCurrent(), usage.GetLimit())
	}
}

func check(ctx context.Context, client quotav1.QuotaServiceClient, tenant string, amount int64) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := client.CheckQuota(ctx, &quotav1.CheckQuotaRequest{TenantId: tenant, MetricCode: metric, Amount: amount})
	if err != nil {
		return err
	}
	verdict := "refused"
	if answer.GetAllowed() {
		verdict = "allowed"
	}
	fmt.Printf("check %d: %s, %d would remain\n", amount, verdict, answer.GetRemaining())
	return nil
}

func showStatus(ctx context.Context, client quotav1.QuotaServiceClient, tenant string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := client.GetStatus(ctx, &quotav1.GetStatusRequest{TenantId: tenant})
	if err != nil {
		return err
	}
	for _, usage := range answer.GetMetrics() {
		limit := "no limit"
		if usage.Limit != nil {
			limit = fmt.Sprint(usage.GetLimit())
		}
		fmt.Printf("status %s: %d of %s\n", usage.GetMetricCode(), usage.GetCurrent(), limit)
	}
	return nil
}

func listEvents(ctx context.Context, client quotav1.QuotaServiceClient, tenant string) error {
	request := &quotav1.ListEventsRequest{
		TenantId: tenant,
		Order:    quotav1.EventOrder_EVENT_ORDER_OLDEST_FIRST,
		PageSize: 2,
	}
	for number := 1; ; number++ {
		page, err := listPage(ctx, client, request)
		if err != nil {
			return err
		}
		for _, event := range page.GetEvents() {
			fmt.Printf("page %d: event %d used %d, %d in all\n", number, event.GetSequence(), event.GetAmount(), event.GetUsageAfter())
		}
		request.PageToken = page.GetNextPageToken()
		if request.PageToken == "" {
			return nil
		}
	}
}

func listPage(ctx context.Context, client quotav1.QuotaServiceClient, request *quotav1.ListEventsRequest) (*quotav1.ListEventsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return client.ListEvents(ctx, request)
}

// authorize sends the key with every call; with an empty key it changes nothing.
func authorize(key string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if key != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
		}
		return invoke(ctx, method, req, reply, conn, opts...)
	}
}

// detail finds the first detail of a type in an error.
func detail[T any](failed *status.Status) (T, bool) {
	for _, packed := range failed.Details() {
		if found, ok := packed.(T); ok {
			return found, true
		}
	}
	var none T
	return none, false
}

// refusedError is a use that a hard limit refused.
type refusedError struct {
	info    *errdetails.ErrorInfo
	failure *errdetails.QuotaFailure
	// Zero when no later period would admit the amount.
	retryAfter time.Duration
}

func (r *refusedError) Error() string {
	numbers := r.info.GetMetadata()
	text := fmt.Sprintf("refused: %s, %s used and %s asked for with a limit of %s (%s, %s), %s left\n",
		r.info.GetReason(), numbers["current"], numbers["requested"], numbers["limit"],
		numbers["enforcement"], numbers["limit_source"], numbers["remaining"])
	for _, violation := range r.failure.GetViolations() {
		text += fmt.Sprintf("violation: %s: %s\n", violation.GetSubject(), violation.GetDescription())
	}
	return text + fmt.Sprintf("the next period may admit it: %t\n", r.retryAfter > 0)
}

func envOr(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
