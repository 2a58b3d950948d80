" Vim syntax: Containust compositions (.ctst), as ctst(5) describes them

if exists('b:current_syntax')
  finish
endif

syntax case match
syntax iskeyword @,48-57,_,-
syntax sync fromstart

" Of two that begin at the same place, the one that comes later here counts.

" ---- what the language does not have ----
syntax match ctstError /#.*$/
syntax match ctstError "/\*.\{-}\%(\*/\|$\)"
syntax match ctstError /'[^']*'\?/
syntax match ctstError /[;()<>?!&|]/
" Words that nothing can be called, except keys of maps.
syntax match ctstReserved /\<\%(HEALTHCHECK\|NETWORK\|RESTART\|SECRET\)\>\%(\s*=\)\@!/

" ---- statements ----
syntax match ctstKeyword /\<\%(AS\|COMPONENT\|CONNECT\|EXPOSE\|FROM\|IMPORT\)\>\%(\s*=\)\@!/
syntax match ctstName /\%(\<COMPONENT\s\+\)\@<=[A-Za-z_][A-Za-z0-9_-]*/
syntax match ctstArrow /->/
syntax match ctstTodo /\<\%(TODO\|FIXME\|XXX\|NOTE\)\>/ contained
syntax match ctstComment "//.*$" contains=ctstTodo,@Spell

" ---- values ----
syntax match ctstNumber /\<\d\+\>/
syntax match ctstNumberError /\<\d\+\%([A-Za-z_][A-Za-z0-9_]*\|\.\d*\)/
syntax match ctstBoolean /\<\%(true\|false\)\>\%(\s*=\)\@!/

syntax match ctstStringError /"\%([^"\\]\|\\.\)*\\\?$/
syntax region ctstString start=/"/ skip=/\\\\\|\\"/ end=/"/ oneline contains=@ctstInString,@Spell
syntax cluster ctstInString contains=ctstEscape,ctstEscapeUnknown,ctstTemplateError,ctstComponentReference,ctstSecretReference,ctstEnvReference,ctstDollar

" Another escape stands for itself, with a warning.
syntax match ctstEscapeUnknown /\\./ contained
syntax match ctstEscape /\\["\\nt]/ contained
syntax match ctstTemplateError /\${[^}"]*}\?/ contained
syntax match ctstComponentReference /\${[A-Za-z_][A-Za-z0-9_-]*\.\%(host\|port\|connection_string\)}/ contained
syntax match ctstSecretReference /\${secret\.[A-Za-z0-9_-]\+\%(\.[A-Za-z0-9_-]\+\)*}/ contained
syntax match ctstEnvReference /\${env\.[A-Za-z_][A-Za-z0-9_-]*\%(:-\%(\\.\|[^}"\\]\)*\)\?}/ contained
" A literal "${".
syntax match ctstDollar /\$\${/ contained

" ---- components: a block of properties; what is in braces below it are keys of one's own ----
syntax cluster ctstValue contains=ctstString,ctstStringError,ctstNumber,ctstNumberError,ctstBoolean,ctstList,ctstMap,ctstComment,ctstError
syntax region ctstBlock matchgroup=ctstBrace start=/{/ end=/}/ fold contains=ctstProperty,ctstPropertyError,@ctstValue
syntax region ctstMap matchgroup=ctstBrace start=/{/ end=/}/ contained fold contains=ctstKey,@ctstValue
syntax region ctstList matchgroup=ctstBrace start=/\[/ end=/\]/ contained fold contains=@ctstValue

syntax match ctstKey /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s*=/ contained
syntax match ctstPropertyError /\<[A-Za-z_][A-Za-z0-9_-]*\ze\s*=/ contained
syntax match ctstProperty /\<\%(image\|port\|ports\|memory\|cpu\|pids\|io_weight\|env\|volume\|volumes\|command\|entrypoint\|readonly\|workdir\|user\|hostname\|restart\|network\|healthcheck\|capabilities\|seccomp\|required_params\|distroless\)\ze\s*=/ contained

highlight default link ctstError Error
highlight default link ctstReserved Error
highlight default link ctstNumberError Error
highlight default link ctstStringError Error
highlight default link ctstTemplateError Error
highlight default link ctstPropertyError Error
highlight default link ctstKeyword Statement
highlight default link ctstName Function
highlight default link ctstArrow Operator
highlight default link ctstComment Comment
highlight default link ctstTodo Todo
highlight default link ctstNumber Number
highlight default link ctstBoolean Boolean
highlight default link ctstString String
highlight default link ctstEscape SpecialChar
highlight default link ctstEscapeUnknown Debug
highlight default link ctstDollar SpecialChar
highlight default link ctstComponentReference Identifier
highlight default link ctstSecretReference Special
highlight default link ctstEnvReference PreProc
highlight default link ctstProperty Type
highlight default link ctstKey Identifier
highlight default link ctstBrace Delimiter

let b:current_syntax = 'ctst'
