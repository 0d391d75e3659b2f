"""Records one use, once."""

import random
import time

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

ATTEMPT_TIMEOUT_SECONDS = 2.0
BACKOFF_INITIAL_SECONDS = 0.1
BACKOFF_MAX_SECONDS = 2.0
REPEATABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class Refused(Exception):
    """A hard limit refused the use."""

    def __init__(self, info, failure, retry_after_seconds: float) -> None:
        super().__init__(info.reason)
        self.info = info
        self.failure = failure
        # 0 when no later period would admit the amount.
        self.retry_after_seconds = retry_after_seconds


def record(client, request, metadata, timeout_seconds: float):
    """Records the use, and repeats the request as it is while nobody knows what became of it.

    It carries an idempotency key, so it counts once however often it arrives; the service config leaves records alone,
    because it cannot see the key.
    """
    deadline = time.monotonic() + timeout_seconds
    backoff = BACKOFF_INITIAL_SECONDS
    while True:
        left = deadline - time.monotonic()
        try:
            return client.RecordUsage(request, timeout=min(ATTEMPT_TIMEOUT_SECONDS, left), metadata=metadata)
        except grpc.RpcError as error:
            retry_after = details(error, error_details_pb2.RetryInfo).retry_delay.ToTimedelta().total_seconds()
            info = details(error, error_details_pb2.ErrorInfo)
            # By the ErrorInfo, because a code alone may be a proxy's.
            if (info.domain, info.reason) == ("quota.v1", "QUOTA_EXCEEDED"):
                raise Refused(info, details(error, error_details_pb2.QuotaFailure), retry_after) from error
            wait = retry_after + random.uniform(0, backoff)
            if error.code() not in REPEATABLE or time.monotonic() + wait > deadline:
                raise
            time.sleep(wait)
            backoff = min(2 * backoff, BACKOFF_MAX_SECONDS)


def details(error: grpc.RpcError, message_type):
    """The error's detail of a type; an empty one where there is none."""
    found = message_type()
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        if packed.Is(found.DESCRIPTOR):
            packed.Unpack(found)
    return found
