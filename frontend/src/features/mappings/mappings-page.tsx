import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { mappingsQuery } from "@/api/mappings";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { ago, count, utc } from "@/lib/format";
import { words } from "@/lib/nouns";

/** The documents that say how payloads become records. */
export function MappingsPage() {
  const query = useQuery(mappingsQuery);
  return (
    <Page title="Mappings">
      <Panel title="Documents in force" evidence={<span>A document of a source goes before the one of its kind; version 0 is the shipped one</span>}>
        <Loaded query={query} skeleton={<SkeletonRows rows={8} widths={[112, 72, 0, 72]} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No mapping is in force">Events are kept, and become records once there is one.</Empty>
            ) : (
              <div className="scroll" role="region" aria-label="Mappings, table" tabIndex={0}>
                <table className="t tc">
                  <thead>
                    <tr>
                      <th>Of</th>
                      <th>Record type</th>
                      <th className="r">Version</th>
                      <th className="r hide-sm">Fields</th>
                      <th className="r hide-sm">Changed</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((item) => (
                      <tr key={`${item.scope} ${item.record_type}`}>
                        <td className="mono">{item.scope}</td>
                        <th scope="row">
                          <Link className="drill" to="/mappings/$scope/$type" params={{ scope: item.scope, type: item.record_type }}>
                            {words(item.record_type)}
                          </Link>
                        </th>
                        <td className="r num">{item.version === 0 ? "shipped" : item.version}</td>
                        <td className="r num hide-sm">{count(item.fields.length)}</td>
                        <td className="r num hide-sm" title={utc(item.applied_at)}>
                          {item.applied_at ? `${ago(item.applied_at)} by ${item.author}` : "–"}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}
