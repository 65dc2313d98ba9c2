import { csv, type Cell } from "@/lib/csv";
import { Icon } from "./icon";
import { useToast } from "./toast";

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

type Rows = readonly (readonly Cell[])[];

/** Saves the numbers on screen, every digit of them; rows that are not read yet are fetched first. */
export function CsvButton({ name, what, rows }: { name: string; what: string; rows: () => Rows | Promise<Rows> }) {
  const toast = useToast();
  const run = async () => {
    try {
      save(name, csv(await rows()));
    } catch (error) {
      toast(`${what} could not be saved: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return (
    <button type="button" className="btn g" aria-label={`${what} as CSV`} onClick={() => void run()}>
      <Icon name="download" />
      CSV
    </button>
  );
}
