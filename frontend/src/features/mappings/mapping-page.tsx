import { useQuery } from "@tanstack/react-query";
import { mappingQuery } from "@/api/mappings";
import { Page } from "@/components/shell/page";
import { Loaded, SkeletonRows } from "@/components/states";
import { words } from "@/lib/nouns";
import { EditorPanel } from "./editor-panel";
import { VersionsPanel } from "./versions-panel";

/** One document: its text, what another one would change, and its versions. */
export function MappingPage({ scope, type }: { scope: string; type: string }) {
  const query = useQuery(mappingQuery({ scope, type }));
  const skeleton = (
    <section className="panel">
      <SkeletonRows rows={12} widths={[240, 0]} />
    </section>
  );
  return (
    <Page title={`${words(type)}, ${scope}`} crumb={{ to: "/mappings", label: "Mappings" }}>
      <div className="stack">
        <Loaded query={query} skeleton={skeleton}>
          {(document) => (
            <>
              <EditorPanel document={document} />
              <VersionsPanel document={document} />
            </>
          )}
        </Loaded>
      </div>
    </Page>
  );
}
