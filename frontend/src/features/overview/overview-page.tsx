import { useQuery } from "@tanstack/react-query";
import { sourcesQuery } from "@/api/sources";
import { FilterBar, type FilterField } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Page } from "@/components/shell/page";
import { useCopyLink } from "@/components/shell/shell";
import { FirstRun } from "./first-run";
import { KeyNumbers } from "./key-numbers";
import { SourcesPanel } from "./sources-panel";
import { StagePanel } from "./stage-panel";
import { TeamPanel } from "./team-panel";
import { WonPanel } from "./won-panel";

const FIELDS: FilterField[] = [
  { field: "team", label: "Team", kind: "facet" },
  { field: "owner", label: "Owner", kind: "facet" },
  { field: "source", label: "Source", kind: "facet" },
  { field: "pipeline", label: "Pipeline", kind: "facet" },
  { field: "product", label: "Product", kind: "facet" },
];

export function OverviewPage() {
  const { data: sources } = useQuery(sourcesQuery);
  const copyLink = useCopyLink();
  if (sources && sources.items.every((item) => item.received === 0)) {
    return (
      <Page title="Overview">
        <FirstRun />
      </Page>
    );
  }
  return (
    <Page title="Overview">
      <div className="head">
        <FilterBar fields={FIELDS} />
        <span className="end row hide-sm">
          <button type="button" className="btn g" onClick={copyLink}>
            <Icon name="link" />
            Copy link
          </button>
        </span>
      </div>
      <div className="stack">
        <KeyNumbers />
        <div className="g12">
          <div className="s7 stack start">
            <StagePanel />
            <TeamPanel />
          </div>
          <div className="s5 stack start">
            <WonPanel />
            <SourcesPanel />
          </div>
        </div>
      </div>
    </Page>
  );
}
