import Type, { type Static } from "typebox"
import { blockNames } from "./overrides.ts"
import { releases } from "./releases.ts"
import { installTypes } from "./settings.ts"

const closed = { additionalProperties: false } as const
const words = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }))
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
/** A repository's part, a tag: what the engine takes. */
const name = (description: string) => Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9._/-]*$", description }))

const override = Type.Object(
  {
    packages: Type.Optional(
      Type.Object(
        {
          add: words("More packages."),
          remove: words("Packages that the definition names and that stay out."),
          replace: words("Packages in place of all that the definition names."),
        },
        closed,
      ),
    ),
    blocks: Type.Optional(
      Type.Object(
        Object.fromEntries(blockNames.map((each) => [each, text("Lines of a Dockerfile.")])) as Record<
          (typeof blockNames)[number],
          ReturnType<typeof text>
        >,
        { ...closed, description: "Lines of a Dockerfile at named places, run as root." },
      ),
    ),
    files: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^/[^\\0]+$" }),
        Type.Object(
          {
            source: Type.String({ minLength: 1, description: "Relative to this file." }),
            mode: Type.Optional(Type.String({ pattern: "^[0-7]{3,4}$", description: "Octal, in quotes." })),
          },
          closed,
        ),
        closed,
      ),
    ),
    plugins: Type.Optional(
      Type.Object({ deb: words("Debian's packages."), pip: words("Requirements as pip takes them.") }, closed),
    ),
    patches: words("Files, relative to this one, applied with -p1 to Python's modules."),
    source: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1 }), {
        description: "Project → a folder, a version, or an address as pip takes it (git+https://…@branch).",
      }),
    ),
  },
  closed,
)

/** The type of images.yaml: what an operator decides about container images. */
export const operatorSchema = Type.Object(
  {
    release: Type.Optional(Type.Enum(releases.map((each) => each.name))),
    install_type: Type.Optional(Type.Enum([...installTypes])),
    namespace: name("First part of repositories' names."),
    tag: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", description: "A further tag." })),
    base: text("An image in place of the root that mmdebstrap makes; for install type rpm, Rocky Linux."),
    rpm_repositories: Type.Optional(Type.Record(Type.String({ pattern: "^[A-Za-z0-9._-]+$" }), Type.String(), closed)),
    images: Type.Optional(Type.Record(Type.String(), override)),
  },
  closed,
)

export type OperatorFile = Static<typeof operatorSchema>
