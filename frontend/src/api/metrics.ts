import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { standingOf } from "@/lib/as-of";
import { filterParameters } from "@/lib/search";
import { client, dataOf } from "./client";
import type { MetricDefinition, MetricResult, RawMetricResult } from "./types";

export interface MetricParameters {
  by?: string[];
  from?: string;
  to?: string;
  as_of?: string;
  known_at?: string;
  /** `filter[field]` parameters by their whole name. */
  filters?: Record<string, string>;
}

/** Counts arrive as integers and amounts as strings; here both are decimal strings. */
function normal(raw: RawMetricResult): MetricResult {
  const text = (value: string | number | null) => (value === null ? null : String(value));
  return {
    ...raw,
    value: text(raw.value),
    currency: raw.currency ?? "",
    groups: raw.groups.map((group) => ({ ...group, value: text(group.value) })),
  };
}

/** How often a live number asks again, in milliseconds. The past does not move. */
const LIVE = 15_000;

export const metricsQuery = queryOptions({
  queryKey: ["metrics"],
  staleTime: Infinity,
  queryFn: ({ signal }) => dataOf(client.GET("/api/metrics", { signal })),
});

export function metricQuery(slug: string, { filters = {}, ...parameters }: MetricParameters = {}) {
  const query = { ...parameters, ...filters };
  return queryOptions({
    queryKey: ["metric", slug, query],
    placeholderData: keepPreviousData,
    refetchInterval: parameters.as_of ? false : LIVE,
    queryFn: async ({ signal }) =>
      normal(await dataOf(client.GET("/api/metrics/{slug}", { params: { path: { slug }, query }, signal }))),
  });
}

/** A metric at the page's moment and under the filters of its address. */
export function useMetric(slug: string, parameters: Omit<MetricParameters, "as_of" | "known_at"> = {}) {
  const search = useSearch({ strict: false });
  return useQuery(
    metricQuery(slug, {
      ...standingOf(search).parameters,
      ...parameters,
      filters: { ...filterParameters(search), ...parameters.filters },
    }),
  );
}

/** A metric as it stood on a day of the past, under the same filters; nothing is asked without a day. */
export function useMetricOn(slug: string, day: string | undefined, parameters: Omit<MetricParameters, "as_of" | "known_at"> = {}) {
  const search = useSearch({ strict: false });
  return useQuery({
    ...metricQuery(slug, { ...parameters, as_of: day ?? "", filters: { ...filterParameters(search), ...parameters.filters } }),
    enabled: day !== undefined,
    staleTime: 5 * 60_000,
  });
}

/** Only the answer to what is asked now: the figures of one dimension never stand under the head of another. */
export function current<T extends { data: unknown; isPlaceholderData: boolean }>(query: T): T {
  return query.isPlaceholderData ? { ...query, data: undefined } : query;
}

/** What a metric means, once the registry is here. */
export function useDefinition(slug: string): MetricDefinition | undefined {
  return useQuery(metricsQuery).data?.items.find((metric) => metric.slug === slug);
}
