import { csv } from "./csv";

describe("csv", () => {
  it("quotes what needs it and leaves exact amounts as they are", () => {
    expect(csv([["Team", "Value"], ['Say "hi", Łódź', "-1200.00"], [null, 3]])).toBe(
      'Team,Value\r\n"Say ""hi"", Łódź",-1200.00\r\n,3\r\n',
    );
  });

  it("never hands a spreadsheet a formula", () => {
    expect(csv([["=1+1"], ["@x"], ["-x"]])).toBe("'=1+1\r\n'@x\r\n'-x\r\n");
  });
});
