import { useQuery } from "@connectrpc/connect-query";
import { AdminService } from "../../../../gen/quota/v1/admin_service_pb.ts";
import { OperationBadge } from "../components/badges.tsx";
import { PlaceLink } from "../components/links.tsx";
import { QueryView } from "../components/query-view.tsx";
import { TimeText } from "../components/time-text.tsx";
import { objectKindName } from "../format/names.ts";
import { instantOf } from "../format/times.ts";

const changesShown = 5;

/** The last things that were changed for this tenant: often the other half of "why". */
export function TenantChanges({ tenantId }: { readonly tenantId: string }) {
  const query = useQuery(AdminService.method.listChanges, { tenantId, pageSize: changesShown });
  return (
    <section aria-labelledby="changes-title">
      <h2 id="changes-title">Last changes</h2>
      <QueryView query={query} skeletonLines={3}>
        {({ changes }) =>
          changes.length === 0 ? (
            <p className="muted">Nothing was ever changed for this tenant.</p>
          ) : (
            <>
              <ul className="trail">
                {changes.map((change) => (
                  <li key={change.id}>
                    <TimeText instant={instantOf(change.createdAt)} tenantId={tenantId} precision="second" />
                    <OperationBadge operation={change.operation} />
                    <span>
                      {objectKindName(change.objectKind)}{" "}
                      <code className="id">{change.objectId.replace(`${tenantId}/`, "")}</code>
                    </span>
                    <span className="muted">by {change.actorName}</span>
                  </li>
                ))}
              </ul>
              <p>
                <PlaceLink to="changes" parameters={{ tenant: tenantId }}>
                  All changes of this tenant, with before and after
                </PlaceLink>
              </p>
            </>
          )
        }
      </QueryView>
    </section>
  );
}
