"""Records usage until the quota service refuses it, and then looks at what happened.

QUOTA_ADDRESS    host:port of the gRPC door, 127.0.0.1:50051 by default
QUOTA_TENANT_ID  whose usage, the demo tenant by default
QUOTA_API_KEY    the credential; leave it out where the service has AUTH=none
"""

import os
import sys
import uuid
from pathlib import Path

import grpc

# protoc writes absolute imports: the folder of what it generated is where they begin.
sys.path.insert(0, str(Path(__file__).parent / "gen"))

from quota.v1 import quota_service_pb2 as messages
from quota.v1 import quota_service_pb2_grpc as services
from quota.v1 import usage_pb2 as usage

from record import Refused, record

METRIC = "tracked_products"
AMOUNT = 15
# What one call may take, its retries included.
CALL_TIMEOUT_SECONDS = 5.0
# Retries of the reads; it stands beside the contract.
SERVICE_CONFIG_FILE = Path(__file__).parents[3] / "proto/quota/v1/service_config.json"


def main() -> None:
    address = os.environ.get("QUOTA_ADDRESS") or "127.0.0.1:50051"
    tenant = os.environ.get("QUOTA_TENANT_ID") or "11111111-1111-4111-8111-111111111111"
    options = [("grpc.service_config", SERVICE_CONFIG_FILE.read_text())]
    # grpc.secure_channel(address, grpc.ssl_channel_credentials()) where the service is not on this machine.
    with grpc.insecure_channel(address, options) as channel:
        key = os.environ.get("QUOTA_API_KEY")
        metadata = [("authorization", f"Bearer {key}")] if key else []
        client = services.QuotaServiceStub(channel)
        record_until_refused(client, tenant, metadata)
        for amount in (5, 6):
            check(client, tenant, metadata, amount)
        show_status(client, tenant, metadata)
        list_events(client, tenant, metadata)


def record_until_refused(client, tenant, metadata) -> None:
    # A real program takes the key from what it records: an order, a row of a file.
    run = uuid.uuid4()
    use = 0
    while True:
        use += 1
        request = messages.RecordUsageRequest(
            tenant_id=tenant, metric_code=METRIC, amount=AMOUNT, idempotency_key=f"{run}-{use}"
        )
        try:
            recorded = record(client, request, metadata, timeout_seconds=CALL_TIMEOUT_SECONDS)
        except Refused as refusal:
            show_refusal(refusal)
            return
        status = recorded.status
        print(f"recorded {recorded.event.amount}: {status.current} of {status.limit} used")


def show_refusal(refusal: Refused) -> None:
    n = refusal.info.metadata
    print(
        f"refused: {refusal.info.reason}, {n['current']} used and {n['requested']} asked for with a limit of"
        f" {n['limit']} ({n['enforcement']}, {n['limit_source']}), {n['remaining']} left"
    )
    for violation in refusal.failure.violations:
        print(f"violation: {violation.subject}: {violation.description}")
    print(f"the next period may admit it: {'true' if refusal.retry_after_seconds > 0 else 'false'}")


def check(client, tenant, metadata, amount: int) -> None:
    request = messages.CheckQuotaRequest(tenant_id=tenant, metric_code=METRIC, amount=amount)
    answer = client.CheckQuota(request, timeout=CALL_TIMEOUT_SECONDS, metadata=metadata)
    print(f"check {amount}: {'allowed' if answer.allowed else 'refused'}, {answer.remaining} would remain")


def show_status(client, tenant, metadata) -> None:
    request = messages.GetStatusRequest(tenant_id=tenant)
    for status in client.GetStatus(request, timeout=CALL_TIMEOUT_SECONDS, metadata=metadata).metrics:
        limit = status.limit if status.HasField("limit") else "no limit"
        print(f"status {status.metric_code}: {status.current} of {limit}")


def list_events(client, tenant, metadata) -> None:
    request = messages.ListEventsRequest(tenant_id=tenant, order=usage.EVENT_ORDER_OLDEST_FIRST, page_size=2)
    number = 0
    while number == 0 or request.page_token:
        number += 1
        page = client.ListEvents(request, timeout=CALL_TIMEOUT_SECONDS, metadata=metadata)
        for event in page.events:
            print(f"page {number}: event {event.sequence} used {event.amount}, {event.usage_after} in all")
        request.page_token = page.next_page_token


if __name__ == "__main__":
    main()
