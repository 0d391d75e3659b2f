package main

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	quotav1 "quota.example/client/gen/quota/v1"
)

const (
	attemptTimeout = 2 * time.Second
	backoffInitial = 100 * time.Millisecond
	backoffMax     = 2 * time.Second
)

// record records one use, and repeats the request as it is while nobody knows what became of it. It carries an idempotency
// key, so it counts once however often it arrives; the service config leaves records alone, because it cannot see the key.
func record(ctx context.Context, client quotav1.QuotaServiceClient, request *quotav1.RecordUsageRequest) (*quotav1.RecordUsageResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for backoff := backoffInitial; ; backoff = min(2*backoff, backoffMax) {
		recorded, err := recordOnce(ctx, client, request)
		if err == nil {
			return recorded, nil
		}
		failed := status.Convert(err)
		if refusal, ok := refusalIn(failed); ok {
			return nil, refusal
		}
		if failed.Code() != codes.Unavailable && failed.Code() != codes.DeadlineExceeded {
			return nil, err
		}
		wait := retryDelay(failed) + rand.N(backoff)
		if deadline, _ := ctx.Deadline(); time.Until(deadline) < wait {
			return nil, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
}

func recordOnce(ctx context.Context, client quotav1.QuotaServiceClient, request *quotav1.RecordUsageRequest) (*quotav1.RecordUsageResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return client.RecordUsage(ctx, request)
}

// refusalIn tells a hard limit from every other reason: by the ErrorInfo, because a code alone may be a proxy's.
func refusalIn(failed *status.Status) (*refusedError, bool) {
	info, ok := detail[*errdetails.ErrorInfo](failed)
	if !ok || info.GetDomain() != "quota.v1" || info.GetReason() != "QUOTA_EXCEEDED" {
		return nil, false
	}
	failure, _ := detail[*errdetails.QuotaFailure](failed)
	return &refusedError{info: info, failure: failure, retryAfter: retryDelay(failed)}, true
}

// retryDelay is what the service asks to wait, zero where it asks for nothing.
func retryDelay(failed *status.Status) time.Duration {
	info, _ := detail[*errdetails.RetryInfo](failed)
	return info.GetRetryDelay().AsDuration()
}
